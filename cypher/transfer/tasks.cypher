// Tasks as rows of a backlog file. $ids, $history: whether with their changes.
UNWIND $ids AS id
MATCH (item:Task {id: id})
RETURN id, properties(item) AS own, {
  story_id: head(COLLECT { MATCH (story:Story)-[:HAS_TASK]->(item) RETURN story.id }),
  depends_on: COLLECT { MATCH (item)-[:DEPENDS_ON]->(on:Task) RETURN DISTINCT on.id ORDER BY on.id },
  // include: beside
} AS beside,
  // include: chain
  AS changes
ORDER BY id
