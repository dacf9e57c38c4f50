// Takes the lock of a workflow that is there, and tells what its newest version says; `last` is the highest number there
// was, whatever a hand has made of that of the workflow. $name.
MATCH (workflow:Workflow {name: $name})
SET workflow.lock = true
WITH workflow
OPTIONAL MATCH (workflow)-[:HAS_VERSION]->(version:RuleVersion)
WITH workflow, version ORDER BY version.number DESC LIMIT 1
WITH workflow, version, toIntegerOrNull(workflow.version) AS said, coalesce(version.number, 0) AS known
RETURN workflow.version AS version, coalesce(workflow.unadopted, false) AS unadopted, version.number AS number,
  toStringOrNull(version.yaml) AS yaml, CASE WHEN said > known THEN said ELSE known END AS last
