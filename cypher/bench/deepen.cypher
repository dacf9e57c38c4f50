// Gives an item a history, as if it had taken the same way again and again. $id, $depth (changes), $hops: [properties of a
// change], $fired: [{actor_id, action}] of one time round.
MATCH (item:Item {id: $id})
UNWIND range(item.version + 1, $depth) AS seq
CREATE (change:Change)
SET change = $hops[(seq - 1) % size($hops)], change.item_id = item.id, change.seq = seq, change.at = datetime.realtime(),
  change.command_id = randomUUID()
SET change.command_key = CASE WHEN change.automatic THEN null ELSE item.id + '\n' + change.command_id END
WITH item, change ORDER BY seq
WITH item, collect(change) AS changes
OPTIONAL MATCH (item)-[former:LATEST]->(before:Change)
DELETE former
FOREACH (i IN range(1, size(changes) - 1) |
  FOREACH (later IN [changes[i]] | FOREACH (earlier IN [changes[i - 1]] | CREATE (later)-[:PREVIOUS]->(earlier))))
FOREACH (earlier IN CASE WHEN before IS NULL THEN [] ELSE [before] END |
  FOREACH (later IN [head(changes)] | CREATE (later)-[:PREVIOUS]->(earlier)))
WITH item, last(changes) AS newest
CREATE (item)-[:LATEST]->(newest)
SET item.version = newest.seq
WITH item
UNWIND $fired AS row
MATCH (actor:Actor {id: row.actor_id})
MERGE (actor)-[fired:HAS_FIRED {action: row.action}]->(item)
SET fired.times = $depth / size($hops), fired.last_at = datetime.realtime()
