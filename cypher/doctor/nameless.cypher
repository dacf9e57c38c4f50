// Items without an id and changes that name no item.
CALL () {
  MATCH (item:Item) WHERE item.id IS NULL
  RETURN 'item' AS what, coalesce(item.title, item.name, elementId(item)) AS name
UNION ALL
  MATCH (change:Change) WHERE change.item_id IS NULL
  RETURN 'change' AS what, coalesce(change.name, elementId(change)) AS name
}
RETURN what, name
