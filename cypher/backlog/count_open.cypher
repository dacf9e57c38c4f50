// How many stories are in no final state, without a look at any.
MATCH (:Workflow {item: 'story'})-[:HAS_STATE]->(state:State)
WHERE coalesce(state.kind, 'active') <> 'final'
RETURN coalesce(sum(COUNT { (state)<-[:IN_STATE]-() }), 0) AS total
