// In: item, states. An expression: whether the item is where its history says, and at the version its history says.
NOT item:Item OR (size(states) = 1
  AND coalesce(item.version, 0) = coalesce(head(COLLECT { MATCH (item)-[:LATEST]->(l:Change) RETURN l.seq }), 0)
  AND states[0].name = coalesce(
    head(COLLECT { MATCH (item)-[:LATEST]->(l:Change) RETURN l.to }),
    item.began_in,
    CASE WHEN states[0].kind = 'initial' OR EXISTS { (:Workflow)-[:STARTS_AT]->(first:State WHERE first = states[0]) } THEN states[0].name END,
    ''
  ))
