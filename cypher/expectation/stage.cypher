// Stages what an expectation is given, in a transaction that is undone: the item in its state, what was done on it, its actors
// and what hangs on it. $stage: {workflow, item_id, is_story, state, properties, sprint ('active', 'closed' or null),
// actors: [{id, kind, roles, relations}], history: [{actor_id, action, times}], others: [{id, state, kind, outcome, started,
// done, properties, depended, fired: [{id, action}]}]}.
MATCH (:Workflow {name: $stage.workflow})-[:HAS_STATE]->(state:State {name: $stage.state})
MATCH (engine:System)
CREATE (item:Item {
  id: $stage.item_id, name: $stage.item_id, workflow: $stage.workflow, version: 0, rework: 0, created_at: datetime.realtime(),
  updated_at: datetime.realtime(), entered_at: datetime.realtime()
})
SET item += $stage.properties
CREATE (item)-[:IN_STATE]->(state)
FOREACH (it IN CASE WHEN $stage.is_story THEN [item] ELSE [] END | SET it:Story)
FOREACH (it IN CASE WHEN $stage.is_story THEN [] ELSE [item] END | SET it:Task)
FOREACH (someone IN $stage.actors |
  CREATE (actor:Actor {id: someone.id, name: someone.id, kind: someone.kind})
  FOREACH (name IN someone.roles | MERGE (role:Role {name: name}) CREATE (actor)-[:HAS_ROLE]->(role))
  FOREACH (relation IN CASE WHEN 'assignee' IN someone.relations THEN [1] ELSE [] END | CREATE (item)-[:ASSIGNED_TO]->(actor))
  FOREACH (relation IN CASE WHEN 'author' IN someone.relations THEN [1] ELSE [] END | CREATE (item)-[:AUTHORED_BY]->(actor))
  FOREACH (relation IN CASE WHEN 'owner' IN someone.relations THEN [1] ELSE [] END | CREATE (item)-[:OWNED_BY]->(actor)))
FOREACH (state IN CASE WHEN $stage.sprint IS NULL THEN [] ELSE [$stage.sprint] END |
  CREATE (item)-[:IN_SPRINT]->(:Sprint {id: $stage.item_id, name: $stage.item_id, state: state}))
WITH item, engine
CALL (item, engine) {
  UNWIND $stage.history AS row
  OPTIONAL MATCH (named:Actor {id: row.actor_id})
  WITH item, row, coalesce(named, engine) AS doer
  MERGE (doer)-[fired:HAS_FIRED {action: row.action}]->(item)
  SET fired.times = coalesce(fired.times, 0) + row.times, fired.last_at = datetime.realtime()
}
CALL (item) {
  UNWIND $stage.others AS row
  CREATE (other:Task {id: row.id, name: row.id})
  SET other += row.properties,
    other.started_at = CASE WHEN row.started THEN datetime.realtime() END,
    other.done_at = CASE WHEN row.done THEN datetime.realtime() END
  CREATE (other)-[:IN_STATE]->(:State {name: row.state, kind: row.kind, outcome: row.outcome})
  FOREACH (it IN CASE WHEN row.depended THEN [item] ELSE [] END | CREATE (it)-[:DEPENDS_ON]->(other))
  FOREACH (it IN CASE WHEN row.depended THEN [] ELSE [item] END | CREATE (it)-[:HAS_TASK]->(other))
  FOREACH (done IN row.fired |
    CREATE (:Actor {id: done.id, name: done.id, kind: 'human'})-[:HAS_FIRED {action: done.action, times: 1, last_at: datetime.realtime()}]->(other))
}
RETURN item.id AS id
