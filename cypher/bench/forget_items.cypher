// Takes away stories of the benchmark with their tasks, some at a time. $prefix, $limit.
MATCH (story:Story)
WHERE story.id STARTS WITH $prefix + 'story-'
WITH story LIMIT $limit
OPTIONAL MATCH (story)-[:HAS_TASK]->(task:Task)
DETACH DELETE task
WITH DISTINCT story
DETACH DELETE story
RETURN count(*) AS forgotten
