// In: item. An expression: its changes in their order, with what they decided, none unless $history.
CASE WHEN $history THEN COLLECT {
  MATCH (change:Change {item_id: item.id}) USING INDEX change:Change(item_id, seq) WHERE change.seq IS NOT NULL
  RETURN {own: properties(change), decision: head(COLLECT {
    MATCH (item)<-[:ABOUT]-(decision:Decision {seq: change.seq}) RETURN decision {.id, .kind} })} ORDER BY change.seq } ELSE [] END
