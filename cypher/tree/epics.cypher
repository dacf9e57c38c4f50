// A page of epics, the oldest first. $after: [place, id] or null, $limit.
MATCH (epic:Epic)
WITH epic, epic.created_at AS at
WITH epic,
  // include: place_by_age
  AS place
WHERE $after IS NULL OR place > $after[0] OR (place = $after[0] AND epic.id > $after[1])
WITH epic, place ORDER BY place, epic.id LIMIT $limit
WITH collect({id: epic.id, place: place}) AS rows
RETURN rows, COUNT { (:Epic) } AS total
