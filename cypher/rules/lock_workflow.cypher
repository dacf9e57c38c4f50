// Takes the lock of a workflow, made if missing, so that one publishes at a time; whether it has rules already. $name.
MERGE (workflow:Workflow {name: $name})
SET workflow.lock = true
RETURN workflow.version IS NOT NULL OR EXISTS { MATCH (workflow)-[:HAS_VERSION]->(version:RuleVersion) } AS is_there
