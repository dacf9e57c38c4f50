// In: actor, engine. Out: state, flow (the workflow of its items), workflow, roles, awaited: the states in which the actor may
// have something to do with an item; of those that wait for somebody else alone none, if $awaited.
CALL (actor) {
  MATCH (actor)-[:HAS_ROLE]->(:Role)-[:INHERITS*0..8]->(:Role)-[:MAY_FIRE]->(t:Transition)
  RETURN t
UNION
  MATCH (:Role {name: '*'})-[:MAY_FIRE]->(t:Transition)
  RETURN t
UNION
  MATCH (actor)-[:HAS_ROLE]->(:Role)-[:INHERITS*0..8]->(:Role)<-[:NEEDS_ROLE]-(t:Transition)
  RETURN t
UNION
  MATCH (t:Transition) WHERE t.relations IS NOT NULL
  RETURN t
}
CALL (t) {
  MATCH (t)-[:FROM]->(state:State)
  RETURN state
UNION
  WITH t WHERE NOT $awaited
  MATCH (t)-[:FROM_ANY]->(:Workflow)-[:HAS_STATE]->(state:State)
  WHERE coalesce(state.kind, 'active') <> 'final' AND NOT EXISTS { (t)-[:EXCEPT]->(state) }
  RETURN state
}
WITH DISTINCT actor, engine, state
CALL (state) {
  MATCH (state)<-[:IN_STATE]-(any:Item)
  RETURN any.workflow AS flow LIMIT 1
}
OPTIONAL MATCH (workflow:Workflow {name: flow})
WITH *, {workflow: flow} AS item
WITH *,
  // include: roles
  + ['*'] AS roles
CALL (item, state) {
  // include: awaits
}
WITH actor, engine, state, flow, workflow, roles, awaited, any(a IN awaited WHERE a.role IN roles) AS waits
