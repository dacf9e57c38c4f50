// Takes the lock of a workflow, made if missing, so that one publishes at a time. $name.
MERGE (workflow:Workflow {name: $name})
SET workflow.lock = true
RETURN workflow.version AS version
