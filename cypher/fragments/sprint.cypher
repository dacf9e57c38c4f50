// In: sprint. An expression: what is told of it; a time that was spoilt by hand is none.
head([times IN [[at IN [sprint.starts_at, sprint.ends_at, sprint.started_at, sprint.closed_at] | CASE WHEN
  // include: readable_time
  THEN at END]] | sprint {.id, .name, .state, .capacity, starts_at: times[0], ends_at: times[1], started_at: times[2], closed_at: times[3]}])
