// These have been looked at, unless another look is wanted since. $ids, $before.
UNWIND $ids AS id
MATCH (item:Item {id: id})
WHERE item.look_at <= $before
REMOVE item.look_at
