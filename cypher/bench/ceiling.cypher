// Writes what applied commands write, and looks at nothing: what no gate can be faster than. All commands are the same action of
// the same actor. $batch: {commands: [{seq, item_id, command_id, command_key, fingerprint}], actor_id, workflow, to, rework, feedback,
//   hops: [{name, from, to, automatic, role, rule_version, feedback, inputs, awaits}], told: [{role, action, actions}]}
MATCH (engine:System)
MATCH (actor:Actor {id: $batch.actor_id})
MATCH (to:State {name: $batch.to, workflow: $batch.workflow})
UNWIND $batch.commands AS c
MATCH (item:Item {id: c.item_id})-[here:IN_STATE]->(:State)
USING INDEX SEEK item:Item(id)
MATCH (story:Story)-[:HAS_TASK]->(item)
OPTIONAL MATCH (item)-[latest:LATEST]->(previous:Change)
WITH c, engine, actor, to, item, story, here, latest, previous, datetime() AS now, item.version AS version,
  item.rework + $batch.rework AS rework
DELETE here, latest
CREATE (item)-[:IN_STATE]->(to)
SET item.version = version + size($batch.hops), item.updated_at = now, item.entered_at = now, item.rework = rework,
  item.feedback = $batch.feedback, item.started_at = coalesce(item.started_at, now)
FOREACH (i IN range(0, size($batch.told) - 1) |
  CREATE (:OutboxEvent {
    outbox_id: randomUUID(), outbox_at: now, outbox_order: c.seq * 100 + 60 + i, item_id: c.item_id,
    subject: 'workflow.task.assigned', task_id: c.item_id, story_id: story.id, role: $batch.told[i].role,
    action: $batch.told[i].action, actions: $batch.told[i].actions, state: to.name, version: version + size($batch.hops),
    attempt: rework + 1, feedback: $batch.feedback
  }))
WITH *
UNWIND range(0, size($batch.hops) - 1) AS i
WITH *, $batch.hops[i] AS hop, version + i + 1 AS seq, CASE WHEN i = 0 THEN actor ELSE engine END AS doer
CREATE (change:Change {
  name: hop.name, item_id: c.item_id, seq: seq, action: hop.name, from: hop.from, to: hop.to, automatic: hop.automatic,
  actor_id: doer.id, role: hop.role, command_id: c.command_id, rule_version: hop.rule_version, at: now, feedback: hop.feedback,
  inputs: hop.inputs, awaits: hop.awaits,
  command_key: CASE WHEN i = 0 THEN c.command_key END, answered_at: CASE WHEN i = 0 THEN now END,
  fingerprint: CASE WHEN i = 0 THEN c.fingerprint END
})
CREATE (:OutboxEvent {
  outbox_id: randomUUID(), outbox_at: now, outbox_order: c.seq * 100 + i * 2, item_id: c.item_id,
  subject: 'workflow.state.changed', task_id: c.item_id, story_id: story.id, from_state: hop.from, to_state: hop.to,
  action: hop.name, actor_id: doer.id, actor_role: hop.role, automatic: hop.automatic, version: seq, command_id: c.command_id,
  rule_version: hop.rule_version, feedback: hop.feedback
})
MERGE (doer)-[fired:HAS_FIRED {action: hop.name}]->(item)
SET fired.times = coalesce(fired.times, 0) + 1, fired.last_at = now
WITH item, previous, collect(change) AS changes
WITH item, previous, changes, head(changes) AS oldest, last(changes) AS newest
CREATE (item)-[:LATEST]->(newest)
FOREACH (p IN CASE WHEN previous IS NULL THEN [] ELSE [previous] END | CREATE (oldest)-[:PREVIOUS]->(p))
FOREACH (i IN range(1, size(changes) - 1) |
  FOREACH (later IN [changes[i]] | FOREACH (earlier IN [changes[i - 1]] | CREATE (later)-[:PREVIOUS]->(earlier))))
RETURN count(*) AS written
