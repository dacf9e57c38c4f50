// Moves the items of states that go away to the ones they are mapped to, each move a change in its history. $name, $mapping: [{from, to}].
MATCH (workflow:Workflow {name: $name})
MATCH (system:System)
UNWIND $mapping AS row
MATCH (workflow)-[:HAS_STATE]->(old:State {name: row.from})
MATCH (workflow)-[:HAS_STATE]->(new:State {name: row.to})
MATCH (item:Item)-[here:IN_STATE]->(old)
SET item.lock = true
DELETE here
CREATE (item)-[:IN_STATE]->(new)
SET item.version = item.version + 1, item.updated_at = datetime.realtime()
CREATE (change:Change {
  name: 'rules', item_id: item.id, seq: item.version, from: old.name, to: new.name, automatic: true, actor_id: system.id,
  rule_version: $version, at: datetime.realtime()
})
WITH item, change
OPTIONAL MATCH (item)-[latest:LATEST]->(previous:Change)
DELETE latest
CREATE (item)-[:LATEST]->(change)
FOREACH (p IN CASE WHEN previous IS NULL THEN [] ELSE [previous] END | CREATE (change)-[:PREVIOUS]->(p))
RETURN count(*) AS moved
