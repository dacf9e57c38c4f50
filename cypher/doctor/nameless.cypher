// Items without an id that is a text, and changes that name no such item.
CALL () {
  MATCH (item:Item) WHERE NOT coalesce(item.id > '', false)
  RETURN 'item' AS what, coalesce(toStringOrNull(item.id), toStringOrNull(item.title), elementId(item)) AS name
UNION ALL
  MATCH (change:Change) WHERE NOT coalesce(change.item_id > '', false)
  RETURN 'change' AS what, coalesce(toStringOrNull(change.name), elementId(change)) AS name
}
RETURN what, name
