// All sprints, the oldest first.
MATCH (sprint:Sprint)
WITH sprint ORDER BY sprint.created_at, sprint.id
RETURN
  // include: sprint
  AS sprint
