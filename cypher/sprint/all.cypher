// All sprints, the oldest first.
MATCH (sprint:Sprint)
RETURN
  // include: sprint
  AS sprint ORDER BY sprint.created_at, sprint.id
