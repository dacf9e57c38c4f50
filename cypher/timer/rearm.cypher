// Gives the items of states whose timers have changed their new time, a batch at a time, until none is left; and, after
// $again seconds and again and again, those that came in under rules of before, or were made by hand, their first one.
// $level: story or task, $limit, $again.
MATCH (:Workflow {item: $level})-[:HAS_STATE]->(state:State)
CALL (state) {
  CALL (state) {
    MATCH (state)<-[:FROM]-(t:Transition)
    RETURN t
  UNION
    MATCH (state)<-[:HAS_STATE]-(:Workflow)<-[:FROM_ANY]-(t:Transition)
    WHERE coalesce(state.kind, 'active') <> 'final' AND NOT EXISTS { (t)-[:EXCEPT]->(state) }
    RETURN t
  }
  WITH t WHERE t.after IS NOT NULL
  WITH
    // include: after_seconds
    AS seconds
  WHERE seconds IS NOT NULL
  WITH seconds ORDER BY seconds
  RETURN collect(seconds) AS timers
}
WITH state, timers, reduce(text = '', x IN timers | text + x + ' ') AS text, datetime.realtime() AS now
WITH *, coalesce(state.armed, '') <> text AS changed
WHERE changed OR size(timers) > 0 AND coalesce(state.arm_at <= now, true)
CALL (state, timers, text, changed, now) {
  MATCH (state)<-[:IN_STATE]-(item:Item)
  WHERE changed AND coalesce(item.armed, '') <> text
    // Later than any timer of the state lets it wait.
    OR size(timers) > 0 AND (item.due_at IS NULL
      OR coalesce(item.armed, '') <> text AND item.due_at > now + duration({seconds: last(timers) + $again}))
  WITH item, timers, text, now LIMIT $limit
  SET item.armed = text, item.entered_at = CASE
    WHEN item.entered_at IS :: ZONED DATETIME NOT NULL THEN item.entered_at
    WHEN item.updated_at IS :: ZONED DATETIME NOT NULL THEN item.updated_at
    ELSE now
  END
  SET item.due_at = CASE WHEN size(timers) > 0 THEN item.entered_at + duration({seconds: head(timers)}) END
  RETURN count(*) AS armed
}
FOREACH (done IN CASE WHEN armed < $limit THEN [1] ELSE [] END |
  SET state.armed = text, state.arm_at = CASE WHEN size(timers) > 0 THEN now + duration({seconds: $again}) END)
RETURN sum(armed) AS armed
