// The states of a workflow and how many items are in each. $name.
MATCH (:Workflow {name: $name})-[:HAS_STATE]->(s:State)
WITH s ORDER BY s.order
RETURN s.name AS state, COUNT { (:Item)-[:IN_STATE]->(s) } AS items
