// In: told_at, resting, [{seq, item, story, state: {name, kind}, awaited, due_after, first: the Change that began it, or null}]. Out: told.
// Where items came to rest: their timers, whom they wait for, and their stories when the last of their tasks is closed; an
// item is taken from an assignee who is none of those it waits for.
CALL (told_at, resting) {
  UNWIND resting AS x
  WITH x, x.item AS item, x.story AS story, x.awaited AS awaited, x.due_after AS due_after, datetime.realtime() AS now
  SET item.due_at = CASE WHEN due_after IS NOT NULL THEN now + duration({seconds: due_after}) END, item.armed = null
  // Part of the answer that is given again when the command comes again: a line for the role and one for each action.
  FOREACH (first IN CASE WHEN x.first IS NULL THEN [] ELSE [x.first] END |
    SET first.awaits = [a IN awaited | reduce(lines = a.role, action IN a.actions | lines + '\n' + action)])
  WITH *, CASE WHEN size(awaited) = 0 OR any(a IN awaited WHERE a.role = '*') THEN [] ELSE COLLECT {
    MATCH (item)-[held:ASSIGNED_TO]->(holder:Actor)
    WHERE NOT EXISTS { MATCH (holder)-[:HAS_ROLE]->(:Role)-[up:INHERITS*0..8]->(r:Role)
      WHERE r.name IN [a IN awaited | a.role] AND all(edge IN up WHERE coalesce(edge.workflow, item.workflow) = item.workflow) }
    RETURN held } END AS lost
  FOREACH (held IN lost | DELETE held)
  WITH *, head(COLLECT { MATCH (item)-[:ASSIGNED_TO]->(holder:Actor) RETURN holder.id }) AS assignee
  FOREACH (i IN CASE WHEN item:Task THEN range(0, size(awaited) - 1) ELSE [] END |
    CREATE (:OutboxEvent {
      outbox_id: randomUUID(), outbox_at: told_at, outbox_order: x.seq * 100 + 60 + i, item_id: item.id,
      subject: 'workflow.task.assigned', task_id: item.id, story_id: story.id, role: awaited[i].role, action: head(awaited[i].actions),
      actions: awaited[i].actions, state: x.state.name, version: item.version, attempt: coalesce(item.rework, 0) + 1,
      feedback: item.feedback, assignee: assignee
    }))
  RETURN count(*) AS told
}
CALL (told_at, resting) {
  UNWIND [x IN resting WHERE x.state.kind = 'final' AND x.story IS NOT NULL] AS x
  WITH x.story AS story, x.item AS item, x.seq AS seq WHERE item:Task
  WITH story, max(seq) AS seq
  // include: completed
  RETURN count(*) AS completed
}
