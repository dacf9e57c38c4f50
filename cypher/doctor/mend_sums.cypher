// Sums up anew who fired what on items whose changes are all there, over what an import brought without changes. $ids.
UNWIND $ids AS id
WITH id ORDER BY id
MATCH (item:Item {id: id})
SET item.lock = true
WITH item WHERE item.version = COUNT { MATCH (c:Change {item_id: item.id}) USING INDEX c:Change(item_id, seq) WHERE c.seq IS NOT NULL }
CALL (item) {
  OPTIONAL MATCH (:Actor)-[fired:HAS_FIRED]->(item) WHERE NOT coalesce(fired.brought >= 0, false)
  DELETE fired
}
CALL (item) {
  MATCH (:Actor)-[fired:HAS_FIRED]->(item)
  SET fired.times = fired.brought
}
CALL (item) {
  MATCH (change:Change {item_id: item.id}) USING INDEX change:Change(item_id, seq) WHERE change.seq IS NOT NULL AND change.role IS NOT NULL
  WITH item, change.actor_id AS actor_id, change.action AS action, count(*) AS times, max(change.at) AS last_at
  MATCH (actor:Actor {id: actor_id})
  MERGE (actor)-[fired:HAS_FIRED {action: action}]->(item)
  SET fired.times = coalesce(fired.times, 0) + times, fired.last_at = CASE WHEN fired.last_at > last_at THEN fired.last_at ELSE last_at END
}
