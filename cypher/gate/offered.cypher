// The actions a person could ask for in the state an item is in, in the order of the rules. $ids: [item id].
UNWIND $ids AS id
MATCH (item:Item {id: id})-[:IN_STATE]->(state:State)
USING INDEX SEEK item:Item(id)
CALL (item, state) {
  // include: leaving
}
WITH id, t WHERE coalesce(t.automatic, false) <> true
MATCH (t)-[:ON]->(action:Action)
WITH id, action.name AS action, min(t.order) AS position,
  collect(COLLECT { MATCH (t)-[r:REQUIRES]->(n:Input) RETURN properties(n) ORDER BY r.order }) AS inputs
ORDER BY id, position, action
RETURN id, action, inputs
