// Completes missing LATEST and PREVIOUS edges of items whose changes are all there, so that only one edge can be right. $ids.
UNWIND $ids AS id
WITH id ORDER BY id
MATCH (item:Item {id: id})
SET item.lock = true
WITH item
CALL (item) {
  MATCH (change:Change {item_id: item.id})
  USING INDEX change:Change(item_id, seq)
  WHERE change.seq IS NOT NULL
  RETURN count(change) AS changes, count(DISTINCT change.seq) AS places, min(change.seq) AS first, max(change.seq) AS last
}
WITH item WHERE changes = item.version AND places = changes AND first = 1 AND last = changes
CALL (item) {
  WITH item WHERE NOT EXISTS { (item)-[:LATEST]->() }
  MATCH (change:Change {item_id: item.id, seq: item.version})
  CREATE (item)-[:LATEST]->(change)
}
CALL (item) {
  MATCH (change:Change {item_id: item.id}) WHERE change.seq > 1 AND NOT EXISTS { (change)-[:PREVIOUS]->() }
  MATCH (before:Change {item_id: item.id, seq: change.seq - 1})
  CREATE (change)-[:PREVIOUS]->(before)
}
