// Says what the holders of a role may do with the rules of a workflow; null leaves it as it is. $role, $workflow, $draft, $publish.
OPTIONAL MATCH (role:Role {name: $role})
OPTIONAL MATCH (workflow:Workflow {name: $workflow})
CALL (role, workflow) {
  WITH role, workflow WHERE role IS NOT NULL AND workflow IS NOT NULL
  FOREACH (x IN CASE WHEN $draft = true THEN [1] ELSE [] END | MERGE (role)-[:MAY_DRAFT]->(workflow))
  FOREACH (x IN CASE WHEN $publish = true THEN [1] ELSE [] END | MERGE (role)-[:MAY_PUBLISH]->(workflow))
  WITH role, workflow
  OPTIONAL MATCH (role)-[drafting:MAY_DRAFT]->(workflow) WHERE $draft = false
  OPTIONAL MATCH (role)-[publishing:MAY_PUBLISH]->(workflow) WHERE $publish = false
  DELETE drafting, publishing
}
RETURN role IS NOT NULL AS has_role, workflow IS NOT NULL AS has_workflow,
  EXISTS { (role)-[:MAY_DRAFT]->(workflow) } AS may_draft, EXISTS { (role)-[:MAY_PUBLISH]->(workflow) } AS may_publish
