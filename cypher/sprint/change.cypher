// Changes a sprint. $id, $fields: {name: value}.
MATCH (sprint:Sprint {id: $id})
SET sprint += $fields
RETURN sprint.id AS id
