// Keeps refusals beside their items, as the answer to give again, and tells them.
// $refusals: [{seq, item_id, action, actor_id, command_id, command_key, fingerprint, version, codes, reasons, legal_actions, remedies, told_at}]
UNWIND $refusals AS r
OPTIONAL MATCH (item:Item {id: r.item_id})
WITH r, item, head(COLLECT { MATCH (story:Story)-[:HAS_TASK]->(item) RETURN story.id }) AS story_id, datetime.realtime() AS now
CREATE (refusal:Refusal {
  name: r.action, item_id: r.item_id, action: r.action, actor_id: r.actor_id, command_id: r.command_id, at: now,
  command_key: r.command_key, fingerprint: r.fingerprint, version: r.version, codes: r.codes, reasons: r.reasons,
  legal_actions: r.legal_actions, remedies: r.remedies
})
FOREACH (i IN CASE WHEN item IS NULL THEN [] ELSE [item] END | CREATE (refusal)-[:OF]->(i))
CREATE (:OutboxEvent {
  outbox_id: randomUUID(), outbox_at: coalesce(datetime(r.told_at), now), outbox_order: r.seq * 100, item_id: r.item_id, json_fields: ['reasons', 'remedies'],
  subject: CASE WHEN item:Story THEN 'planning.action.refused' ELSE 'workflow.action.refused' END,
  task_id: CASE WHEN item:Story THEN null ELSE r.item_id END,
  story_id: CASE WHEN item:Story THEN r.item_id ELSE story_id END,
  action: r.action, actor_id: r.actor_id, reasons: r.reasons, legal_actions: r.legal_actions, remedies: r.remedies,
  command_id: r.command_id
})
