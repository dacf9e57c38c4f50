// Takes the locks of all parts of a workflow's rules, so that no hand changes them until the transaction ends. $name.
MATCH (workflow:Workflow {name: $name})-[:HAS_STATE]->(state:State)
SET state.lock = true
WITH DISTINCT workflow
MATCH (t:Transition)
WHERE t.workflow = workflow.name OR EXISTS { (t)-[:FROM|TO]->(:State)<-[:HAS_STATE]-(workflow) }
SET t.lock = true
