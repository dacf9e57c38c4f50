// Moves items out of states that go away to where the mapping says, each move a change in its history and an event;
// `goes_on` says whether the rules may move it further by themselves. $ids.
CALL () {
  UNWIND $ids AS id
  MATCH (item:Item {id: id})<-[:HAS_TASK]-(parent:Story)
  USING INDEX SEEK item:Item(id)
  WITH DISTINCT parent ORDER BY parent.id
  SET parent.lock = true
  RETURN count(*) AS parents
}
CALL () {
  UNWIND $ids AS id
  MATCH (item:Item {id: id})
  WITH DISTINCT item ORDER BY item.id
  SET item.lock = true
  RETURN count(*) AS items
}
WITH parents, items
MATCH (engine:System)
UNWIND range(0, size($ids) - 1) AS place
MATCH (item:Item {id: $ids[place]})-[here:IN_STATE]->(old:State)
USING INDEX SEEK item:Item(id)
MATCH (old)<-[:OUT_OF]-(move:RuleMove)-[:INTO]->(new:State)
// One that a hand has put into such states more than once is moved once.
WITH engine, item, min(place) AS place, collect(DISTINCT here) AS left, head(collect(old)) AS old, head(collect(move)) AS move, head(collect(new)) AS new
ORDER BY place
WITH *, datetime.realtime() AS now, coalesce(item.version, 0) + 1 AS version, 'RULES_CHANGED' AS action,
  head(COLLECT { MATCH (engine)-[:HAS_ROLE]->(r:Role) RETURN r.name }) AS role, randomUUID() AS command_id,
  head(COLLECT { MATCH (parent:Story)-[:HAS_TASK]->(item) RETURN parent }) AS story
FOREACH (here IN left | DELETE here)
CREATE (item)-[:IN_STATE]->(new)
CREATE (change:Change {
  name: action, item_id: item.id, seq: version, action: action, from: old.name, to: new.name, automatic: true,
  actor_id: engine.id, role: role, command_id: command_id, rule_version: move.version, at: now
})
SET item.version = version, item.updated_at = now, item.entered_at = now,
  item.started_at = CASE WHEN new.kind = 'active' THEN coalesce(item.started_at, now) ELSE item.started_at END,
  // A final state under another name: the item was done when it was done.
  item.done_at = CASE WHEN new.kind = 'final' AND coalesce(new.outcome, 'done') = 'done' THEN coalesce(item.done_at, now) END
MERGE (engine)-[fired:HAS_FIRED {action: action}]->(item)
SET fired.times = coalesce(fired.times, 0) + 1, fired.last_at = now
CREATE (:OutboxEvent {
  outbox_id: randomUUID(), outbox_at: now, outbox_order: place * 100, item_id: item.id,
  subject: CASE WHEN item:Task THEN 'workflow.state.changed' ELSE 'planning.story.transitioned' END,
  task_id: CASE WHEN item:Task THEN item.id END,
  story_id: CASE WHEN item:Task THEN story.id ELSE item.id END,
  from_state: old.name, to_state: new.name, action: action, actor_id: engine.id, actor_role: role,
  automatic: true, version: version, command_id: command_id, rule_version: move.version,
  transitioned_by: CASE WHEN item:Story THEN engine.id END,
  tasks: CASE WHEN item:Story THEN COLLECT {
    MATCH (item)-[:HAS_TASK]->(task:Task) RETURN task.id ORDER BY coalesce(task.rank, 0), task.id } END
})
WITH *
CALL (item, change) {
  OPTIONAL MATCH (item)-[latest:LATEST]->(previous:Change)
  DELETE latest
  CREATE (item)-[:LATEST]->(change)
  FOREACH (p IN CASE WHEN previous IS NULL THEN [] ELSE [previous] END | CREATE (change)-[:PREVIOUS]->(p))
}
WITH item, new, place
CALL (item, new) {
  WITH item, new AS state
  CALL (item, state) {
    // include: leaving
  }
  RETURN count(CASE WHEN (coalesce(t.automatic, false) = true AND t.after IS NULL)
    OR EXISTS { (t)-[:ON]->(:Action)<-[:FIRES]-(:Coupling) } THEN 1 END) > 0 AS goes_on
}
RETURN item.id AS id, goes_on,
  // Whose next work may begin.
  COLLECT { MATCH (s:Story)-[:HAS_TASK]->(item) RETURN s.id } + CASE WHEN new.kind = 'final' THEN COLLECT {
    MATCH (item)<-[:DEPENDS_ON]-(:Task)<-[:HAS_TASK]-(s:Story) RETURN DISTINCT s.id } ELSE [] END AS stories
ORDER BY place
