// A batch of the items that are to be moved out of states that go away. $workflow, $limit.
MATCH (:RuleMove {workflow: $workflow})-[:OUT_OF]->(old:State)
CALL (old) {
  MATCH (old)<-[:IN_STATE]-(item:Item)
  RETURN item.id AS id LIMIT $limit
}
RETURN id LIMIT $limit
