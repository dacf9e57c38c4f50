// Epics by their ids. $ids.
MATCH (epic:Epic) WHERE epic.id IN $ids
RETURN epic {.id, .title, .description, .created_at} AS epic
