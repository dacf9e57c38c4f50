// All workflows with their versions, the newest first.
MATCH (workflow:Workflow)
RETURN workflow.name AS name, workflow.version AS version, coalesce(workflow.unadopted, false) AS unadopted,
  COLLECT {
    MATCH (workflow)-[:HAS_VERSION]->(version:RuleVersion)
    RETURN version {.number, .yaml, .sha256} ORDER BY version.number DESC
  } AS versions
ORDER BY name
