// Stories as rows of a backlog file. $ids, $history: whether with their changes.
UNWIND $ids AS id
MATCH (story:Story {id: id})
WITH id, story AS item, COLLECT { MATCH (epic:Epic)-[:HAS_STORY]->(story) RETURN epic.id } AS epics
WITH *, head(COLLECT { MATCH (item)-[stay:IN_SPRINT]->(sprint:Sprint) RETURN stay {.entered_at, .entered_by, .points, sprint_id: sprint.id} }) AS stay
RETURN id, properties(item) AS own, {
  sprint_id: stay.sprint_id, sprint_entered_at: stay.entered_at, sprint_entered_by: stay.entered_by, sprint_points: stay.points,
  stays: COLLECT {
    MATCH (item)-[former:WAS_IN_SPRINT]->(sprint:Sprint)
    RETURN former {.entered_at, .entered_by, .left_at, .left_by, .points, sprint_id: sprint.id} ORDER BY former.left_at, former.entered_at, sprint.id },
  epic_id: head(epics), external: NOT item:Item,
  // include: beside
} AS beside,
  // include: chain
  AS changes
ORDER BY id
