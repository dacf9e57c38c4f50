// The tasks of a story in their order; a rank that a hand has made no number counts as 0. $story_id.
MATCH (story:Story {id: $story_id})-[:HAS_TASK]->(task:Task)
USING INDEX SEEK story:Story(id)
RETURN DISTINCT task.id AS id, CASE WHEN -1e15 < task.rank < 1e15 THEN task.rank ELSE 0 END AS rank ORDER BY rank, id
