// Where items of a workflow begin. $name, $starts: [{state, order, roles}].
MATCH (workflow:Workflow {name: $name})
UNWIND $starts AS row
MATCH (workflow)-[:HAS_STATE]->(state:State {name: row.state})
CREATE (workflow)-[:STARTS_AT {order: row.order, roles: row.roles}]->(state)
