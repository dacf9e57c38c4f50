// Epics by their ids; what was made something else by hand keeps nobody from reading the others. $ids.
MATCH (epic:Epic) WHERE epic.id IN $ids
RETURN epic {
  .id, title: toStringOrNull(epic.title), description: toStringOrNull(epic.description),
  created_at: head([at IN [epic.created_at] WHERE
    // include: readable_time
  ]), updated_at: head([at IN [epic.updated_at] WHERE
    // include: readable_time
  ]), labels: [label IN coalesce(epic.labels, []) | coalesce(toStringOrNull(label), '')], archived: epic.archived_at IS NOT NULL,
  author_id: head(COLLECT { MATCH (epic)-[:AUTHORED_BY]->(a:Actor) RETURN a.id })
} AS epic
