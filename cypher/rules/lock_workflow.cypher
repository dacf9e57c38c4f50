// Takes the lock of a workflow, made if missing, so that one publishes at a time. $name.
MERGE (workflow:Workflow {name: $name})
REMOVE workflow.lock
RETURN workflow.version AS version
