// Writes the histories of items that this transaction has created, and sums up who fired what. $histories: [{id, changes: [properties],
//   decisions: [{id, kind, seq}]}].
UNWIND $histories AS history
MATCH (item:Item {id: history.id})
CALL (item, history) {
  UNWIND history.changes AS own
  CREATE (change:Change)
  SET change = own, change.name = own.action
  WITH item, change ORDER BY change.seq
  WITH item, collect(change) AS chain
  FOREACH (n IN range(1, size(chain) - 1) |
    FOREACH (later IN [chain[n]] | FOREACH (earlier IN [chain[n - 1]] | CREATE (later)-[:PREVIOUS]->(earlier))))
  FOREACH (newest IN [last(chain)] | CREATE (item)-[:LATEST]->(newest))
}
CALL (item, history) {
  UNWIND history.changes AS own
  WITH item, own WHERE own.role IS NOT NULL
  WITH item, own.actor_id AS actor_id, own.action AS action, count(*) AS times, max(own.at) AS last_at
  MATCH (actor:Actor {id: actor_id})
  MERGE (actor)-[fired:HAS_FIRED {action: action}]->(item)
  SET fired.times = coalesce(fired.times, 0) + times, fired.last_at = CASE WHEN fired.last_at > last_at THEN fired.last_at ELSE last_at END
}
CALL (item, history) {
  UNWIND history.decisions AS told
  MATCH (change:Change {item_id: item.id, seq: told.seq})
  MATCH (actor:Actor {id: change.actor_id})
  CREATE (actor)-[:DECIDED]->(:Decision {
    id: told.id, name: change.action, kind: told.kind, action: change.action, item_id: item.id, seq: change.seq,
    decided_by: actor.id, comment: coalesce(change.feedback, ''), at: change.at
  })-[:ABOUT]->(item)
}
RETURN count(*) AS items
