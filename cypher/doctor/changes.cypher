// The items that changes name, those that do not exist apart; a batch in the order of their ids. $after, $limit.
MATCH (change:Change) WHERE change.item_id > $after
WITH change.item_id AS id ORDER BY id LIMIT $limit
WITH id, count(*) AS changes
RETURN id, changes, EXISTS { (:Item {id: id}) } AS known ORDER BY id
