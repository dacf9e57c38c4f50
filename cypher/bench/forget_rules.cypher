// Takes away a workflow that no item is in, whole. $name.
MATCH (workflow:Workflow {name: $name})
CALL (workflow) {
  MATCH (t:Transition {workflow: workflow.name})
  OPTIONAL MATCH (t)-[:REQUIRES|GUARDED_BY]->(part)
  DETACH DELETE part, t
}
CALL (workflow) {
  MATCH (workflow)-[:HAS_STATE|HAS_COUPLING|HAS_EXPECTATION|HAS_VERSION]->(part)
  DETACH DELETE part
}
CALL (workflow) {
  MATCH (draft:RuleDraft {workflow: workflow.name})
  DETACH DELETE draft
}
DETACH DELETE workflow
