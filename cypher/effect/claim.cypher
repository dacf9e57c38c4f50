// Takes effects that are due, the longest ago first, so that no other process runs them within $seconds. Claiming is the
// try: a process that dies of an effect has tried it. $limit, $seconds.
MATCH (effect:Effect)
WHERE effect.due_at <= datetime.realtime()
WITH effect ORDER BY effect.due_at LIMIT $limit
SET effect.lock = true
// Another process may have taken it while this one waited for the lock.
WITH effect WHERE effect.due_at <= datetime.realtime()
SET effect.tries = coalesce(effect.tries, 0) + 1, effect.gave_up_at = null,
  effect.due_at = datetime.realtime() + duration({seconds: $seconds})
RETURN properties(effect) AS effect
