// The transitions of a workflow. $name, $transitions: [{properties, action, to, from, from_any, except, roles, all_roles,
// not_same_actor_as, inputs, guards}].
MATCH (workflow:Workflow {name: $name})
UNWIND $transitions AS row
MATCH (workflow)-[:HAS_STATE]->(to:State {name: row.to})
MERGE (action:Action {name: row.action})
CREATE (t:Transition)
SET t = row.properties
CREATE (t)-[:TO]->(to)
CREATE (t)-[:ON]->(action)
FOREACH (any IN CASE WHEN row.from_any THEN [1] ELSE [] END | CREATE (t)-[:FROM_ANY]->(workflow))
WITH workflow, t, row
CALL (workflow, t, row) {
  UNWIND row.from AS name
  MATCH (workflow)-[:HAS_STATE]->(state:State {name: name})
  CREATE (t)-[:FROM]->(state)
}
CALL (workflow, t, row) {
  UNWIND row.except AS name
  MATCH (workflow)-[:HAS_STATE]->(state:State {name: name})
  CREATE (t)-[:EXCEPT]->(state)
}
FOREACH (name IN row.roles | MERGE (role:Role {name: name}) CREATE (role)-[:MAY_FIRE]->(t))
FOREACH (name IN row.all_roles | MERGE (role:Role {name: name}) CREATE (t)-[:NEEDS_ROLE]->(role))
FOREACH (name IN row.not_same_actor_as | MERGE (before:Action {name: name}) CREATE (t)-[:NOT_SAME_ACTOR_AS]->(before))
FOREACH (part IN row.inputs | CREATE (t)-[place:REQUIRES]->(input:Input) SET place.order = part.order, input = part.properties)
FOREACH (part IN row.guards | CREATE (t)-[place:GUARDED_BY]->(guard:Guard) SET place.order = part.order, guard = part.properties)
