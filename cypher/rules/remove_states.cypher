// Removes states that no rule and no item needs any more. $name, $states: [state].
MATCH (:Workflow {name: $name})-[:HAS_STATE]->(state:State)
WHERE (state.name IN $states OR state.name IS NULL) AND NOT EXISTS { (:Item)-[:IN_STATE]->(state) }
DETACH DELETE state
