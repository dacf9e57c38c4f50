// In: item, $actor_id, $inputs. Makes an edit one more change of the item's history, and one more version.
CALL (item) {
  MATCH (item)-[:IN_STATE]->(state:State)
  OPTIONAL MATCH (workflow:Workflow {name: item.workflow})
  OPTIONAL MATCH (item)-[latest:LATEST]->(previous:Change)
  SET item.version = item.version + 1, item.updated_at = datetime.realtime()
  DELETE latest
  CREATE (item)-[:LATEST]->(change:Change {
    name: 'EDIT', item_id: item.id, seq: item.version, action: 'EDIT', from: state.name, to: state.name, automatic: false,
    actor_id: $actor_id, rule_version: workflow.version, at: item.updated_at, command_id: randomUUID(), inputs: $inputs
  })
  FOREACH (p IN CASE WHEN previous IS NULL THEN [] ELSE [previous] END | CREATE (change)-[:PREVIOUS]->(p))
}
