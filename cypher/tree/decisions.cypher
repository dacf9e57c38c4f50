// What was decided on items, in the order of their histories. $ids.
MATCH (decision:Decision)-[:ABOUT]->(item:Item)
USING INDEX SEEK item:Item(id)
WHERE item.id IN $ids
RETURN item.id AS item_id, decision {.id, .kind, .action, .comment, .decided_by, .seq, .at} AS decision ORDER BY decision.seq
