// The open tasks of stories, and what they depend on, of whatever story, directly or by others; an estimate that a hand has made none counts as none. $ids: [story id].
UNWIND $ids AS id
MATCH (story:Story {id: id})-[:HAS_TASK]->(own:Task)-[:IN_STATE]->(state:State)
USING INDEX SEEK story:Story(id)
WHERE coalesce(state.kind, 'active') <> 'final'
// DISTINCT lets Neo4j meet each task once, however many ways lead there.
MATCH (own)-[:DEPENDS_ON*0..]->(task:Task)
WITH DISTINCT story, task
WHERE EXISTS { MATCH (task)-[:IN_STATE]->(s:State) WHERE coalesce(s.kind, 'active') <> 'final' }
WITH story, task, EXISTS { (story)-[:HAS_TASK]->(task) } AS is_own, COLLECT {
  MATCH (task)-[:DEPENDS_ON]->(on:Task)-[:IN_STATE]->(s:State) WHERE coalesce(s.kind, 'active') <> 'final' RETURN DISTINCT on.id ORDER BY on.id } AS on
RETURN story.id AS story_id, task.id AS id, is_own, CASE WHEN 0 <= task.estimate <= 2147483647 THEN task.estimate END AS estimate, on
ORDER BY story_id, id
