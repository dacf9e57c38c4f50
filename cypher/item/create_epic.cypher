// Creates an epic. $id, $title, $description, $labels, $author_id: of somebody there is, or null.
OPTIONAL MATCH (author:Actor {id: $author_id})
CREATE (epic:Epic {
  id: $id, name: $id, title: $title, description: $description, labels: $labels,
  created_at: datetime.realtime(), updated_at: datetime.realtime()
})
FOREACH (person IN CASE WHEN author IS NULL THEN [] ELSE [author] END | CREATE (epic)-[:AUTHORED_BY]->(person))
RETURN epic.id AS id
