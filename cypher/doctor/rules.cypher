// All workflows with their versions, the newest first; what somebody wrote by hand may be of any type, and is told as text.
MATCH (workflow:Workflow)
RETURN coalesce(toStringOrNull(workflow.name), elementId(workflow)) AS name, toStringOrNull(workflow.version) AS version,
  coalesce(workflow.unadopted = true, false) AS unadopted,
  COLLECT {
    MATCH (workflow)-[:HAS_VERSION]->(version:RuleVersion)
    RETURN version {.sha256, number: toStringOrNull(version.number), yaml: toStringOrNull(version.yaml)} ORDER BY version.number DESC
  } AS versions
ORDER BY name
