// The tasks a story has, for who derives more, by rank. $story_id.
MATCH (story:Story {id: $story_id})-[:HAS_TASK]->(task:Task)
USING INDEX SEEK story:Story(id)
WITH task ORDER BY coalesce(task.rank, 0), task.id
RETURN task {.id, .title, .description, .type, .estimate, .priority, .labels,
  state: head(COLLECT { MATCH (task)-[:IN_STATE]->(s:State) RETURN s.name }),
  depends_on: COLLECT { MATCH (task)-[:DEPENDS_ON]->(on:Task) RETURN on.id ORDER BY on.id }} AS task
