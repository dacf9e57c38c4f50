// In: item. An expression: its changes in their order, none unless $history.
CASE WHEN $history THEN COLLECT {
  MATCH (change:Change {item_id: item.id}) USING INDEX change:Change(item_id, seq) WHERE change.seq IS NOT NULL
  RETURN properties(change) ORDER BY change.seq } ELSE [] END
