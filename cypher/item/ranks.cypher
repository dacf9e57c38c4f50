// The tasks of a story in their order. $story_id.
MATCH (story:Story {id: $story_id})-[:HAS_TASK]->(task:Task)
USING INDEX SEEK story:Story(id)
RETURN task.id AS id, coalesce(task.rank, 0) AS rank ORDER BY rank, id
