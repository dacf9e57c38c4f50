// Sprints by their ids. $ids.
MATCH (sprint:Sprint) WHERE sprint.id IN $ids
RETURN sprint {.id, .name, .state, .capacity} AS sprint
