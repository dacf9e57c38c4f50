// The texts of stories and tasks. $ids, $settled_after: seconds.
CALL () {
  MATCH (item:Item) WHERE item.id IN $ids RETURN item
UNION
  MATCH (item:Story) WHERE item.id IN $ids RETURN item
}
// First what it is the text of: so a text may be newer than it is said to be, and not older.
WITH item, coalesce(item.version, 0) AS version, head([at IN [item.updated_at] WHERE
  // include: readable_time
]) AS updated_at, item.imported_from AS imported_from
RETURN item.id AS id, version, updated_at, imported_from, toStringOrNull(item.description) AS description,
  [criterion IN coalesce(item.acceptance_criteria, []) | coalesce(toStringOrNull(criterion), '')] AS acceptance_criteria,
  // include: settled
