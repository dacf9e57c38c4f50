// A page of the ids of one kind, in their order. $kind: epic, sprint, story or task; $after; $limit; $epic_id: of which epic alone, or null.
// Each is told once, also where a hand has drawn an edge twice.
CALL () {
  UNWIND CASE WHEN $kind = 'epic' AND $epic_id IS NULL THEN [1] ELSE [] END AS one
  MATCH (epic:Epic) WHERE epic.id > $after
  RETURN epic.id AS id ORDER BY id LIMIT $limit
UNION ALL
  UNWIND CASE WHEN $kind = 'epic' THEN [1] ELSE [] END AS one
  MATCH (epic:Epic {id: $epic_id}) WHERE epic.id > $after
  RETURN epic.id AS id
UNION ALL
  UNWIND CASE WHEN $kind = 'sprint' THEN [1] ELSE [] END AS one
  MATCH (sprint:Sprint) WHERE sprint.id > $after
  RETURN sprint.id AS id ORDER BY id LIMIT $limit
UNION ALL
  UNWIND CASE WHEN $kind = 'story' AND $epic_id IS NULL THEN [1] ELSE [] END AS one
  MATCH (story:Story) WHERE story.id > $after
  RETURN story.id AS id ORDER BY id LIMIT $limit
UNION ALL
  UNWIND CASE WHEN $kind = 'story' THEN [1] ELSE [] END AS one
  MATCH (epic:Epic {id: $epic_id})-[:HAS_STORY]->(story:Story) WHERE story.id > $after
  RETURN DISTINCT story.id AS id ORDER BY id LIMIT $limit
UNION ALL
  UNWIND CASE WHEN $kind = 'task' AND $epic_id IS NULL THEN [1] ELSE [] END AS one
  MATCH (task:Task) WHERE task.id > $after
  RETURN task.id AS id ORDER BY id LIMIT $limit
UNION ALL
  UNWIND CASE WHEN $kind = 'task' THEN [1] ELSE [] END AS one
  MATCH (epic:Epic {id: $epic_id})-[:HAS_STORY]->(:Story)-[:HAS_TASK]->(task:Task) WHERE task.id > $after
  RETURN DISTINCT task.id AS id ORDER BY id LIMIT $limit
}
RETURN id
