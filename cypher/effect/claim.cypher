// Takes effects that are due, the longest ago first, so that no other process runs them within $seconds. Claiming is the
// try: a process that dies of an effect has tried it. What was spoilt by hand is read as if it was not there, so that it
// holds up no other one. $limit, $seconds, $but: names of those that are left for later.
MATCH (effect:Effect)
WHERE effect.due_at <= datetime.realtime() AND NOT coalesce(effect.name IN $but, false)
WITH effect ORDER BY effect.due_at LIMIT $limit
SET effect.lock = true
// Another process may have taken it while this one waited for the lock.
WITH effect WHERE effect.due_at <= datetime.realtime()
SET effect.effect_id = CASE WHEN effect.effect_id IS :: STRING NOT NULL THEN effect.effect_id ELSE randomUUID() END,
  effect.tries = CASE WHEN effect.tries IS :: INTEGER NOT NULL AND effect.tries < 1000 THEN effect.tries ELSE 0 END + 1,
  effect.gave_up_at = null, effect.due_at = datetime.realtime() + duration({seconds: $seconds})
RETURN effect {.*, outbox_at: head([at IN [effect.outbox_at] WHERE
  // include: readable_time
])} AS effect
