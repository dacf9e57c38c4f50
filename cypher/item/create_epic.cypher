// Creates an epic, unless a story or a task has its id. $id, $title, $description, $labels, $author_id: of somebody there is, or null.
OPTIONAL MATCH (author:Actor {id: $author_id})
WITH author WHERE NOT EXISTS { (:Item {id: $id}) } AND NOT EXISTS { (:Story {id: $id}) }
CREATE (epic:Epic {
  id: $id, name: $id, title: $title, description: $description, labels: $labels,
  created_at: datetime.realtime(), updated_at: datetime.realtime()
})
FOREACH (person IN CASE WHEN author IS NULL THEN [] ELSE [author] END | CREATE (epic)-[:AUTHORED_BY]->(person))
RETURN epic.id AS id
