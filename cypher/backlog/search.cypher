// Epics, stories and tasks whose titles or descriptions match a text, the best first. $text, for the full-text index; $limit.
CALL db.index.fulltext.queryNodes('item_text', $text, {limit: $limit}) YIELD node, score
RETURN node.id AS id, node:Epic AS is_epic ORDER BY score DESC, id
