// Keeps why an effect did not run; it is tried again after $seconds. $id, $reason.
MATCH (effect:Effect {effect_id: $id})
SET effect.reason = $reason, effect.due_at = datetime.realtime() + duration({seconds: $seconds})
