// Changes fields of a story, as one more change of its history. $id, $fields: {name: value}, $actor_id, $expected_version.
MATCH (story:Story:Item {id: $id})
SET story.lock = true
WITH story WHERE $expected_version IS NULL OR story.version = $expected_version
MATCH (story)-[:IN_STATE]->(state:State)
MATCH (workflow:Workflow {name: story.workflow})
OPTIONAL MATCH (story)-[latest:LATEST]->(previous:Change)
SET story += $fields, story.version = story.version + 1, story.updated_at = datetime.realtime()
DELETE latest
CREATE (story)-[:LATEST]->(change:Change {
  name: 'EDIT', item_id: story.id, seq: story.version, action: 'EDIT', from: state.name, to: state.name, automatic: false,
  actor_id: $actor_id, rule_version: workflow.version, at: story.updated_at, command_id: randomUUID()
})
FOREACH (p IN CASE WHEN previous IS NULL THEN [] ELSE [previous] END | CREATE (change)-[:PREVIOUS]->(p))
RETURN story.version AS version
