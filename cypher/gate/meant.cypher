// The action of an item's workflow that does a thing, whatever it is called: it tells of $emits, or without that it makes the actor
// the assignee. First the one that was asked for under $command_key (null: none) before, then those of the item's state. $item_id.
MATCH (item:Item {id: $item_id})-[:IN_STATE]->(here:State)
USING INDEX SEEK item:Item(id)
OPTIONAL MATCH (answered:Change {command_key: $command_key})
OPTIONAL MATCH (refused:Refusal {command_key: $command_key})
WITH item, here, coalesce(answered.action, refused.action) AS earlier
MATCH (:Workflow {name: item.workflow})-[:HAS_STATE]->(state:State)
CALL (item, state) {
  // include: leaving
}
WITH here, earlier, state, t WHERE coalesce(t.automatic, false) <> true AND CASE WHEN $emits IS NULL THEN t.claims = true ELSE t.emits = $emits END
MATCH (t)-[:ON]->(a:Action)
RETURN a.name AS action ORDER BY CASE WHEN a.name = earlier THEN 0 WHEN state = here THEN 1 ELSE 2 END, t.order LIMIT 1
