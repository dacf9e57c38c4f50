// In: actor, engine; $only, the items that are looked at (null: all), $awaited, whether only what waits for a role of the actor. Out: also state, item: what the actor may
// have something to do with, the most urgent first.
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
MATCH (state)<-[:IN_STATE]-(item:Item) WHERE $only IS NULL OR item.id IN $only
WITH actor, engine, state, item ORDER BY coalesce(item.priority, 3), item.created_at, item.id
