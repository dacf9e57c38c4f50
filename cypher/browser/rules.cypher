// The rules of a workflow as a picture: from a state, by a transition that a role may fire, to the next state.
MATCH (:Workflow {name: 'task'})-[:HAS_STATE]->(state:State)
MATCH way = (state)<-[:FROM]-(t:Transition)-[:TO]->(:State)
OPTIONAL MATCH who = (:Role)-[:MAY_FIRE]->(t)
RETURN way, who
