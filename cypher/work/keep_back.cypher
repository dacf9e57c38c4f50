// Of each story, and workflow of its tasks, one that waits to be begun is looked at again. $parts: [[story id, workflow or ''
// for all]], $seconds.
UNWIND $parts AS part
CALL (part) {
  MATCH (story:Story {id: part[0]})-[:HAS_TASK]->(task:Task)-[:IN_STATE]->(:State {kind: 'initial'})
  USING INDEX SEEK story:Story(id)
  WHERE part[1] IN ['', task.workflow]
  RETURN task ORDER BY task.id LIMIT 1
}
SET task.look_at = datetime.realtime() + duration({seconds: $seconds})
