// Changes a story or a task by hand, as one more change of its history, and tells of it.
// $id, $fields: {name: value}, $action (a word of the engine, not of a workflow), $inputs (JSON), $actor_id.
MATCH (item:Item {id: $id})
MATCH (item)-[:IN_STATE]->(state:State)
OPTIONAL MATCH (workflow:Workflow {name: item.workflow})
OPTIONAL MATCH (item)-[latest:LATEST]->(newest:Change)
// One, unless somebody has drawn others by hand.
WITH item, state, workflow, latest, newest ORDER BY newest.seq DESC
WITH item, state, workflow, collect(latest) AS drawn, head(collect(newest)) AS previous
FOREACH (one IN drawn | DELETE one)
SET item += $fields, item.version = coalesce(item.version, 0) + 1, item.updated_at = datetime.realtime()
CREATE (item)-[:LATEST]->(change:Change {
  name: $action, item_id: item.id, seq: item.version, action: $action, from: state.name, to: state.name, automatic: false,
  actor_id: $actor_id, rule_version: workflow.version, unadopted: workflow.unadopted, at: item.updated_at, command_id: randomUUID(),
  inputs: $inputs
})
FOREACH (p IN CASE WHEN previous IS NULL THEN [] ELSE [previous] END | CREATE (change)-[:PREVIOUS]->(p))
CREATE (:OutboxEvent {
  outbox_id: randomUUID(), outbox_at: item.updated_at, outbox_order: 0, item_id: item.id,
  subject: 'planning.item.changed', action: $action, version: item.version, actor_id: $actor_id,
  task_id: CASE WHEN item:Task THEN item.id END,
  story_id: CASE WHEN item:Story THEN item.id ELSE head(COLLECT { MATCH (story:Story)-[:HAS_TASK]->(item) RETURN story.id }) END
})
RETURN item.version AS version
