// Creates an epic. $id, $title, $description.
CREATE (epic:Epic {
  id: $id, name: $id, title: $title, description: $description, created_at: datetime.realtime(), updated_at: datetime.realtime()
})
RETURN epic.id AS id
