// Creates a sprint that has not begun. $id, $name, $capacity, $starts_at, $ends_at.
CREATE (sprint:Sprint {
  id: $id, name: $name, capacity: $capacity, starts_at: $starts_at, ends_at: $ends_at, state: 'planned', created_at: datetime.realtime()
})
RETURN sprint.id AS id
