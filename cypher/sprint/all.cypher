// All sprints, the oldest first.
MATCH (sprint:Sprint)
RETURN sprint {.id, .name, .state, .capacity} AS sprint ORDER BY sprint.created_at, sprint.id
