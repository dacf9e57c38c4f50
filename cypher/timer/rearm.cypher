// Gives the items of states whose timers have changed their new time; a batch at a time, until none is left.
// $level: story or task, $limit.
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
    AS seconds ORDER BY seconds
  RETURN [x IN collect(seconds) | toString(x)] AS timers
}
WITH state, timers, reduce(text = '', x IN timers | text + x + ' ') AS text
WHERE coalesce(state.armed, '') <> text
CALL (state, timers, text) {
  MATCH (state)<-[:IN_STATE]-(item:Item)
  WHERE coalesce(item.armed, '') <> text
  WITH item, timers, text LIMIT $limit
  SET item.armed = text, item.entered_at = coalesce(item.entered_at, item.updated_at, datetime.realtime())
  SET item.due_at = CASE WHEN size(timers) > 0 THEN item.entered_at + duration({seconds: toInteger(head(timers))}) END
  RETURN count(*) AS armed
}
FOREACH (done IN CASE WHEN armed < $limit THEN [1] ELSE [] END | SET state.armed = text)
RETURN sum(armed) AS armed
