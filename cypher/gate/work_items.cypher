// The items an actor may have something to do with, the most urgent first, without judging what; `waits` tells whether
// an item waits for a role of the actor. $actor_id, $awaited, $skip, $limit.
MATCH (actor:Actor {id: $actor_id}) WHERE NOT actor:System
MATCH (engine:System)
// include: work_items
WITH *,
  // include: roles
  + ['*'] AS roles
CALL (item, state) {
  // include: awaits
}
RETURN item.id AS item_id, any(a IN awaited WHERE a.role IN roles) AS waits SKIP $skip LIMIT $limit
