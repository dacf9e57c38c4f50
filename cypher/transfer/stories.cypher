// Stories as rows of a backlog file. $ids, $history: whether with their changes.
UNWIND $ids AS id
MATCH (story:Story {id: id})
WITH id, story AS item, COLLECT { MATCH (epic:Epic)-[:HAS_STORY]->(story) RETURN epic.id } AS epics
RETURN id, properties(item) AS own, {
  epic_id: head(epics), sprint_id: head(COLLECT { MATCH (item)-[:IN_SPRINT]->(sprint:Sprint) RETURN sprint.id }), external: NOT item:Item,
  // include: beside
} AS beside,
  // include: chain
  AS changes
ORDER BY id
