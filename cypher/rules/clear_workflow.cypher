// Takes away what a workflow's rules say, all but its states, so that it can be written anew. $name.
MATCH (workflow:Workflow {name: $name})
OPTIONAL MATCH (workflow)-[start:STARTS_AT]->(:State)
DELETE start
WITH DISTINCT workflow
CALL (workflow) {
  MATCH (t:Transition)
  WHERE t.workflow = workflow.name OR EXISTS { (t)-[:FROM]->(:State)<-[:HAS_STATE]-(workflow) } OR EXISTS { (t)-[:FROM_ANY]->(workflow) }
  OPTIONAL MATCH (t)-[:REQUIRES|GUARDED_BY]->(part)
  DETACH DELETE part, t
}
CALL (workflow) {
  MATCH (workflow)-[:HAS_COUPLING]->(k:Coupling)
  DETACH DELETE k
}
CALL (workflow) {
  MATCH (:Role)-[former:INHERITS {workflow: workflow.name}]->(:Role)
  DELETE former
}
CALL (workflow) {
  MATCH (workflow)-[:HAS_EXPECTATION]->(e:Expectation)
  DETACH DELETE e
}
