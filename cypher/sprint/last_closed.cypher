// The sprints that were closed last, the oldest of them first. $last.
MATCH (sprint:Sprint {state: 'closed'}) WHERE sprint.closed_at IS NOT NULL
WITH sprint ORDER BY sprint.closed_at DESC, sprint.id LIMIT $last
RETURN sprint {.id, .name, .state, .capacity, .starts_at, .ends_at, .started_at, .closed_at} AS sprint ORDER BY sprint.closed_at, sprint.id
