// The action of an item's workflow that does a thing, whatever it is called, first of those of its state: it tells of $emits,
// or without that it makes the actor the assignee. $item_id.
MATCH (item:Item {id: $item_id})-[:IN_STATE]->(here:State)
USING INDEX SEEK item:Item(id)
MATCH (:Workflow {name: item.workflow})-[:HAS_STATE]->(state:State)
CALL (item, state) {
  // include: leaving
}
WITH here, state, t WHERE coalesce(t.automatic, false) <> true AND CASE WHEN $emits IS NULL THEN t.claims = true ELSE t.emits = $emits END
MATCH (t)-[:ON]->(action:Action)
RETURN action.name AS action ORDER BY CASE WHEN state = here THEN 0 ELSE 1 END, t.order LIMIT 1
