// Which of these items are in states that go away, not moved yet. $ids.
UNWIND $ids AS id
MATCH (item:Item {id: id})-[:IN_STATE]->(old:State)
USING INDEX SEEK item:Item(id)
WITH item, old
WHERE EXISTS { (old)<-[:OUT_OF]-(:RuleMove) }
RETURN DISTINCT item.id AS id
