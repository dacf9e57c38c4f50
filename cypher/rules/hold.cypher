// Takes the lock of a workflow that is there, and tells what its newest version says. $name.
MATCH (workflow:Workflow {name: $name})
SET workflow.lock = true
WITH workflow
OPTIONAL MATCH (workflow)-[:HAS_VERSION]->(version:RuleVersion)
WITH workflow, version ORDER BY version.number DESC LIMIT 1
RETURN workflow.version AS version, coalesce(workflow.unadopted, false) AS unadopted, version.number AS number, version.yaml AS yaml
