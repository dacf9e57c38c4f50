// The same of items that looked wrong, once more under their locks: nothing moves them while they are looked at. $ids.
UNWIND $ids AS id
WITH id ORDER BY id
MATCH (item:Item {id: id})
SET item.lock = true
WITH item
// include: examined
RETURN found ORDER BY found.id
