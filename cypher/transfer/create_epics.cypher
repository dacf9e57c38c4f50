// Creates epics that are not there. $rows: [{id, author_id, own: properties}], $file: which it is.
UNWIND $rows AS row
OPTIONAL MATCH (author:Actor {id: row.author_id})
WITH row, author, datetime.realtime() AS now
WHERE NOT EXISTS { (:Epic {id: row.id}) } AND NOT EXISTS { (:Item {id: row.id}) } AND NOT EXISTS { (:Story {id: row.id}) } AND (row.author_id IS NULL OR author IS NOT NULL)
CREATE (epic:Epic)
SET epic += row.own, epic.name = row.id, epic.imported_from = $file, epic.created_at = coalesce(row.own.created_at, now), epic.updated_at = coalesce(row.own.updated_at, now)
FOREACH (person IN CASE WHEN author IS NULL THEN [] ELSE [author] END | CREATE (epic)-[:AUTHORED_BY]->(person))
RETURN row.id AS id
