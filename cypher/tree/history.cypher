// The changes of items, a page of each, the oldest first. $pages: [{id, after, limit}], $limit: the largest of them.
UNWIND range(0, size($pages) - 1) AS n
WITH n, $pages[n] AS page
CALL (page) {
  OPTIONAL MATCH (item:Item {id: page.id})
  WITH page, item.began_in AS began_in
  MATCH (change:Change {item_id: page.id}) WHERE change.seq > page.after
  WITH change, began_in ORDER BY change.seq LIMIT $limit
  RETURN collect(change {
    .seq, .action, .from, .to, .automatic, .actor_id, .role, feedback: toStringOrNull(change.feedback),
    inputs: toStringOrNull(change.inputs), .command_id, .rule_version, at:
      // include: made_at
    ,
    unadopted: coalesce(change.unadopted, false),
    verified:
      // include: follows
  }) AS found
}
RETURN n, found[..page.limit] AS rows, COUNT { MATCH (c:Change {item_id: page.id}) USING INDEX c:Change(item_id, seq) WHERE c.seq IS NOT NULL } AS total
ORDER BY n
