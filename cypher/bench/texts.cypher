// Gives items a description, as if they had had it for an hour. $ids, $text.
MATCH (item:Item)
WHERE item.id IN $ids
SET item.description = $text, item.updated_at = datetime.realtime() - duration({hours: 1})
RETURN count(*) AS items
