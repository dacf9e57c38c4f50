// Ends the tries of an effect; it stays, with the reason, until a person removes it or sets `due_at` anew. $id, $reason.
MATCH (effect:Effect {effect_id: $id})
SET effect.gave_up_at = datetime.realtime(), effect.tries = 0, effect.reason = $reason
REMOVE effect.due_at
