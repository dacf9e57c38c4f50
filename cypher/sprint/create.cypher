// Creates a sprint that has not begun. $id, $name, $capacity.
CREATE (sprint:Sprint {id: $id, name: $name, capacity: $capacity, state: 'planned', created_at: datetime.realtime()})
RETURN sprint.id AS id
