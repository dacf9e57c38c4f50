// Takes away what a workflow's rules say, all but its states, so that it can be written anew. $name.
MATCH (workflow:Workflow {name: $name})
OPTIONAL MATCH (workflow)-[start:STARTS_AT]->(:State)
DELETE start
WITH DISTINCT workflow
CALL (workflow) {
  MATCH (t:Transition)
  WHERE t.workflow = workflow.name OR EXISTS { (t)-[:FROM]->(:State)<-[:HAS_STATE]-(workflow) } OR EXISTS { (t)-[:FROM_ANY]->(workflow) }
  OPTIONAL MATCH (t)-[:REQUIRES|GUARDED_BY]->(part)
  WITH collect(DISTINCT t) AS transitions, collect(DISTINCT part) AS parts
  FOREACH (t IN transitions | DETACH DELETE t)
  WITH parts
  UNWIND parts AS part
  // One that a hand has given to a transition of another workflow too stays there.
  WITH part WHERE NOT EXISTS { (part)<-[:REQUIRES|GUARDED_BY]-() }
  DETACH DELETE part
}
CALL (workflow) {
  MATCH (workflow)-[:HAS_COUPLING]->(k:Coupling)
  DETACH DELETE k
}
CALL (workflow) {
  MATCH (workflow)-[:HAS_EXPECTATION]->(e:Expectation)
  DETACH DELETE e
}
CALL (workflow) {
  MATCH (:Role)-[former:INHERITS {workflow: workflow.name}]->(:Role)
  DELETE former
}
