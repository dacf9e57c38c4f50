// The states of a workflow and how many items are in each, those on their way there included. $name.
// A plain degree: it costs the same for one item and for a million.
MATCH (:Workflow {name: $name})-[:HAS_STATE]->(s:State)
WITH s ORDER BY s.order
OPTIONAL MATCH (s)<-[:INTO]-(:RuleMove)-[:OUT_OF]->(old:State)
WITH s, old, CASE WHEN old IS NULL THEN 0 ELSE COUNT { (old)<-[:IN_STATE]-() } END AS coming
WITH s, sum(coming) AS coming
RETURN s.name AS state, COUNT { (s)<-[:IN_STATE]-() } + coming AS items
ORDER BY s.order
