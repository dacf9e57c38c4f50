// In: change, began_in. An expression: whether a change begins where the one before it ended, or where its item began. A seq
// that was spoilt by hand is not reckoned with.
change.accepted_by IS NOT NULL OR coalesce(change.from = CASE change.seq
  WHEN 1 THEN coalesce(began_in, change.from)
  ELSE head(COLLECT { MATCH (change)-[:PREVIOUS]->(earlier:Change) WHERE earlier.seq = CASE WHEN change.seq > 1 THEN change.seq - 1 END RETURN earlier.to })
END, false)
