// Epics by their ids. $ids.
MATCH (epic:Epic) WHERE epic.id IN $ids
RETURN epic {
  .id, .title, .description, .created_at, .updated_at, labels: coalesce(epic.labels, []), archived: epic.archived_at IS NOT NULL,
  author_id: head(COLLECT { MATCH (epic)-[:AUTHORED_BY]->(a:Actor) RETURN a.id })
} AS epic
