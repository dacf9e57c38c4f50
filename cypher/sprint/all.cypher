// All sprints, the oldest first.
MATCH (sprint:Sprint)
RETURN sprint {.id, .name, .state, .capacity, .starts_at, .ends_at, .started_at, .closed_at} AS sprint ORDER BY sprint.created_at, sprint.id
