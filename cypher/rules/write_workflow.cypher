// Creates or renews the node of a workflow, and its states in place by name. $name, $item, $roles, $states: [{name, order, properties}].
MERGE (workflow:Workflow {name: $name})
SET workflow.item = $item, workflow.roles = $roles
WITH workflow
CALL (workflow) {
  UNWIND $states AS row
  OPTIONAL MATCH (workflow)-[:HAS_STATE]->(known:State {name: row.name})
  CALL (workflow, row, known) {
    WITH workflow, row, known WHERE known IS NULL
    CREATE (workflow)-[:HAS_STATE]->(:State {name: row.name, workflow: workflow.name})
  }
  WITH workflow, row
  MATCH (workflow)-[:HAS_STATE]->(state:State {name: row.name})
  // What timers its items have been given stays true.
  WITH state, row, state.armed AS armed
  SET state = row.properties
  SET state.armed = armed
}
RETURN workflow.name AS name
