// In: workflow, author. Out: start, the first initial state in which the author may create; $state narrows.
OPTIONAL MATCH (workflow)-[starts:STARTS_AT]->(state:State)
WHERE ($state IS NULL OR state.name = $state) AND (starts.roles IS NULL OR '*' IN starts.roles AND author IS NOT NULL OR EXISTS {
  MATCH (author)-[:HAS_ROLE]->(:Role)-[up:INHERITS*0..8]->(r:Role)
  WHERE r.name IN starts.roles AND all(edge IN up WHERE coalesce(edge.workflow, workflow.name) = workflow.name) })
RETURN state AS start ORDER BY starts.order LIMIT 1
