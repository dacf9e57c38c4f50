// The items an actor may have something to do with, the most urgent first, without judging what; `waits` tells whether
// an item waits for a role of the actor. $actor_id, $only: [item id] or null for all, $awaited, $skip, $limit.
MATCH (actor:Actor {id: $actor_id}) WHERE NOT actor:System
MATCH (engine:System)
// include: work_states
MATCH (state)<-[:IN_STATE]-(item:Item {workflow: flow}) WHERE $only IS NULL OR item.id IN $only
WITH item, waits ORDER BY coalesce(item.priority, 3), item.created_at, item.id
RETURN item.id AS item_id, waits SKIP $skip LIMIT $limit
