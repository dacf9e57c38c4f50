// Takes away states whose last item has been moved, and the note of it. $workflow.
MATCH (move:RuleMove {workflow: $workflow})-[:OUT_OF]->(old:State)
SET old.lock = true
WITH move, old WHERE NOT EXISTS { (old)<-[:IN_STATE]-(:Item) }
OPTIONAL MATCH (old)-[edge]-()
WHERE NOT (type(edge) = 'IN_STATE' AND startNode(edge):Item)
DELETE edge
WITH DISTINCT move, old
DETACH DELETE move
// Not DETACH: an item that has come in meanwhile must not lose its state; the transaction fails instead.
DELETE old
