// In: told_at, story, seq. Tells of a story whose tasks are all closed, once per completion; to be followed by RETURN.
WHERE NOT EXISTS {
    MATCH (story)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(x:State) WHERE coalesce(x.kind, 'active') <> 'final' }
  // Once per completion: something was done since the last time this was told.
  AND EXISTS {
    MATCH (story)-[:HAS_TASK]->(x:Task)
    WHERE x.done_at IS NOT NULL AND (story.tasks_completed_at IS NULL OR x.done_at > story.tasks_completed_at) }
WITH story, seq, datetime.realtime() AS now, COLLECT { MATCH (story)-[:HAS_TASK]->(x:Task) RETURN x.done_at } AS done
SET story.tasks_completed_at = reduce(latest = now, at IN done | CASE WHEN at > latest THEN at ELSE latest END)
CREATE (:OutboxEvent {
  outbox_id: randomUUID(), outbox_at: told_at, outbox_order: seq * 100 + 90, item_id: story.id,
  subject: 'workflow.story.tasks_completed', story_id: story.id, all_tasks_status: 'done',
  done: COUNT { MATCH (story)-[:HAS_TASK]->(x:Task) WHERE x.done_at IS NOT NULL },
  cancelled: COUNT { MATCH (story)-[:HAS_TASK]->(x:Task) WHERE x.done_at IS NULL }
})
