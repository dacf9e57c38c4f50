// Sprints by their ids. $ids.
MATCH (sprint:Sprint) WHERE sprint.id IN $ids
RETURN sprint {.id, .name, .state, .capacity, .starts_at, .ends_at, .started_at, .closed_at} AS sprint
