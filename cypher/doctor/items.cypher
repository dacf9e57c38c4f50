// What the graph says of items and their histories, a batch in the order of their ids. $after, $limit.
MATCH (item:Item) WHERE item.id > $after
WITH item ORDER BY item.id LIMIT $limit
// include: examined
RETURN found ORDER BY found.id
