// Whom the items wait for, and what these may do there. $ids: [item id].
UNWIND $ids AS id
MATCH (item:Item {id: id})-[:IN_STATE]->(state:State)
USING INDEX SEEK item:Item(id)
CALL (item, state) {
  // include: awaits
}
RETURN id, awaited
