// The open tasks of stories, and what they depend on, of whatever story, directly or by others. $ids: [story id].
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
RETURN story.id AS story_id, task.id AS id, is_own, task.estimate AS estimate, on
ORDER BY story_id, id
