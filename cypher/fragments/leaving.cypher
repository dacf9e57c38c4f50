// In: item, state. Out: t, the transitions out of the state, those from anywhere included.
MATCH (state)<-[:FROM]-(t:Transition)
RETURN t
UNION
MATCH (:Workflow {name: item.workflow})<-[:FROM_ANY]-(t:Transition)
WHERE coalesce(state.kind, 'active') <> 'final' AND NOT EXISTS { (t)-[:EXCEPT]->(state) }
RETURN t
