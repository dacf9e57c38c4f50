// How a workflow meets the level below it. $name, $couplings: [{properties, states, fires}].
MATCH (workflow:Workflow {name: $name})
UNWIND $couplings AS row
CREATE (workflow)-[:HAS_COUPLING]->(k:Coupling)
SET k = row.properties
FOREACH (name IN CASE WHEN row.fires IS NULL THEN [] ELSE [row.fires] END | MERGE (action:Action {name: name}) CREATE (k)-[:FIRES]->(action))
WITH workflow, k, row
UNWIND row.states AS name
MATCH (workflow)-[:HAS_STATE]->(state:State {name: name})
CREATE (k)-[:IN_PARENT_STATE]->(state)
