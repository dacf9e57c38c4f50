// Marks the changes made under an edit by hand before it was noticed. An edit is rare, so the one who looks for its
// changes pays, and no action does. $name, $number: the version they name, $since.
MATCH (state:State)
WHERE EXISTS { (:Workflow {name: $name})-[:HAS_STATE]->(state) } OR EXISTS { (state)<-[:FROM|TO]-(:Transition {workflow: $name}) }
MATCH (state)<-[:IN_STATE]-(item:Item {workflow: $name})
WHERE item.updated_at >= $since
MATCH (item)-[:LATEST]->(last:Change WHERE last.at >= $since)
MATCH (last) (()-[:PREVIOUS]->(earlier:Change WHERE earlier.at >= $since))* (change:Change)
WHERE coalesce(change.rule_version, 0) = $number AND change.unadopted IS NULL
SET change.unadopted = true
RETURN count(change) AS marked
