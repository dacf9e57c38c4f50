// In: c, item, hops (at least one). Out: resting. Where an item came to rest: tells whom it waits for, takes it from an
// assignee who is not one of them, and tells its story when the last of its tasks is closed.
MATCH (item)-[:IN_STATE]->(state:State)
OPTIONAL MATCH (story:Story)-[:HAS_TASK]->(item)
WITH c, item, story, state, datetime.realtime() AS now
CALL (item, state) {
  // include: awaits
}
// When the first timer of the state runs out; null where there is none.
CALL (item, state) {
  // include: due
}
SET item.due_at = due, item.armed = null
WITH *
// Part of the answer that is given again when the command comes again: a line for the role and one for each action.
CALL (c, awaited) {
  MATCH (first:Change {command_key: c.command_key})
  SET first.awaits = [a IN awaited | reduce(lines = a.role, action IN a.actions | lines + '\n' + action)]
}
CALL (item, awaited) {
  WITH item, awaited WHERE size(awaited) > 0
  MATCH (item)-[held:ASSIGNED_TO]->(holder:Actor)
  WHERE NOT any(a IN awaited WHERE a.role = '*')
    AND NOT EXISTS { MATCH (holder)-[:HAS_ROLE]->(:Role)-[up:INHERITS*0..8]->(r:Role)
      WHERE r.name IN [a IN awaited | a.role] AND all(edge IN up WHERE coalesce(edge.workflow, item.workflow) = item.workflow) }
  DELETE held
}
CALL (c, item, story, state, awaited, now) {
  WITH * WHERE item:Task
  UNWIND range(0, size(awaited) - 1) AS i
  WITH *, awaited[i] AS a
  OPTIONAL MATCH (item)-[:ASSIGNED_TO]->(holder:Actor)
  CREATE (:OutboxEvent {
    outbox_id: randomUUID(), outbox_at: now, outbox_order: c.seq * 100 + 60 + i, item_id: item.id, json_fields: [],
    subject: 'workflow.task.assigned', task_id: item.id, story_id: story.id, role: a.role, action: head(a.actions),
    actions: a.actions, state: state.name, version: item.version, attempt: coalesce(item.rework, 0) + 1,
    feedback: item.feedback, assignee: holder.id
  })
}
CALL (c, item, story, state, now) {
  WITH c, item, story, state, now WHERE item:Task AND story IS NOT NULL AND state.kind = 'final'
    AND NOT EXISTS {
      MATCH (story)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(x:State) WHERE coalesce(x.kind, 'active') <> 'final' }
    // Once per completion: something was done since the last time this was told.
    AND EXISTS {
      MATCH (story)-[:HAS_TASK]->(x:Task)
      WHERE x.done_at IS NOT NULL AND (story.tasks_completed_at IS NULL OR x.done_at > story.tasks_completed_at) }
  SET story.tasks_completed_at = now
  CREATE (:OutboxEvent {
    outbox_id: randomUUID(), outbox_at: now, outbox_order: c.seq * 100 + 90, item_id: story.id, json_fields: [],
    subject: 'workflow.story.tasks_completed', story_id: story.id, all_tasks_status: 'done',
    done: COUNT { MATCH (story)-[:HAS_TASK]->(x:Task) WHERE x.done_at IS NOT NULL },
    cancelled: COUNT { MATCH (story)-[:HAS_TASK]->(x:Task) WHERE x.done_at IS NULL }
  })
}
RETURN head(collect(awaited)) AS resting
