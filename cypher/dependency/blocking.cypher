// What keeps tasks waiting, and what waits for them; a task that is closed does neither. $ids: [task id].
UNWIND $ids AS id
MATCH (task:Task {id: id})
WITH task, EXISTS { MATCH (task)-[:IN_STATE]->(s:State) WHERE coalesce(s.kind, 'active') <> 'final' } AS open
RETURN task.id AS id,
  COLLECT {
    MATCH (task)-[:DEPENDS_ON]->(on:Task)-[:IN_STATE]->(s:State) WHERE open AND coalesce(s.kind, 'active') <> 'final'
    RETURN DISTINCT on.id ORDER BY on.id } AS blocked_by,
  COLLECT {
    MATCH (task)<-[:DEPENDS_ON]-(other:Task)-[:IN_STATE]->(s:State) WHERE open AND coalesce(s.kind, 'active') <> 'final'
    RETURN DISTINCT other.id ORDER BY other.id } AS blocks
