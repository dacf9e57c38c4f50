// The moves an item's workflow knows, from the state it is in on: what a way to another state is looked for in. $item_id.
MATCH (item:Item {id: $item_id})-[:IN_STATE]->(here:State)
USING INDEX SEEK item:Item(id)
MATCH (:Workflow {name: item.workflow})-[:HAS_STATE]->(state:State)
CALL (item, state) {
  // include: leaving
}
MATCH (t)-[:ON]->(action:Action)
MATCH (t)-[:TO]->(to:State)
WITH here, state, t, action, to ORDER BY t.order
RETURN here.name AS here, state.name AS from, action.name AS action, to.name AS to, coalesce(t.automatic, false) = true AS automatic
