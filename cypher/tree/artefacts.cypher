// What was handed in with the changes of items, of each the newest before a version, the newest first. A change by hand has inputs
// too, but hands nothing in: it has no role, as what rules did has.
// $pages: [{id, before}], $limit, $settled_after: seconds.
UNWIND $pages AS page
MATCH (item:Item {id: page.id})
// First what it is known by, as in `texts`.
WITH page, coalesce(item.version, 0) AS version, head([at IN [item.updated_at] WHERE
  // include: readable_time
]) AS updated_at, item.imported_from AS imported_from
CALL (page) {
  MATCH (change:Change {item_id: page.id})
  USING INDEX change:Change(item_id, seq)
  WHERE change.seq < page.before AND change.inputs IS NOT NULL AND change.role IS NOT NULL
  WITH change ORDER BY change.seq DESC LIMIT $limit
  RETURN collect(change {.seq, .action, .actor_id, inputs: toStringOrNull(change.inputs), at:
    // include: made_at
  }) AS changes
}
RETURN page.id AS id, version, updated_at, imported_from, changes,
  // include: settled
