// Removes states that no rule and no item needs any more. $name, $states: [state].
MATCH (:Workflow {name: $name})-[:HAS_STATE]->(state:State)
WHERE (state.name IN $states OR state.name IS NULL) AND NOT EXISTS { (:Item)-[:IN_STATE]->(state) }
OPTIONAL MATCH (state)-[edge]-()
WHERE NOT (type(edge) = 'IN_STATE' AND startNode(edge):Item)
DELETE edge
WITH DISTINCT state
// Not DETACH: an item that has come in meanwhile must not lose its state; the transaction fails instead.
DELETE state
