// Says whether the holders of a role may change the items of a workflow by hand; null leaves it as it is. $role, $workflow, $edit.
// Where somebody was named once, to take the last one away opens it to nobody.
OPTIONAL MATCH (role:Role {name: $role})
OPTIONAL MATCH (workflow:Workflow {name: $workflow})
CALL (role, workflow) {
  WITH role, workflow WHERE role IS NOT NULL AND workflow IS NOT NULL
  SET workflow.restricted = CASE
    WHEN $edit = true OR EXISTS { (:Role)-[:MAY_EDIT]->(workflow) } THEN true ELSE workflow.restricted END
  FOREACH (x IN CASE WHEN $edit = true THEN [1] ELSE [] END | MERGE (role)-[:MAY_EDIT]->(workflow))
  WITH role, workflow
  OPTIONAL MATCH (role)-[editing:MAY_EDIT]->(workflow) WHERE $edit = false
  DELETE editing
}
WITH role, workflow, [flow IN [workflow] WHERE flow IS NOT NULL] AS flows
RETURN role IS NOT NULL AS has_role, workflow IS NOT NULL AS has_workflow,
  // include: editors
  AS editors
