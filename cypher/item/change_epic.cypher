// Changes an epic. $id, $fields: {name: value}.
MATCH (epic:Epic {id: $id})
SET epic += $fields, epic.updated_at = datetime.realtime()
RETURN epic.id AS id
