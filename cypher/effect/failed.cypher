// Keeps why an effect did not run; it is tried again after $seconds, unless another process has claimed it meanwhile.
// $id, $tries: as it was claimed; $reason.
MATCH (effect:Effect {effect_id: $id})
SET effect.lock = true
WITH effect WHERE effect.tries = $tries
SET effect.reason = $reason, effect.due_at = datetime.realtime() + duration({seconds: $seconds})
