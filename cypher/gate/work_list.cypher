// What an actor may do now, given right inputs: each item with its actions, the most urgent first. $actor_id,
// $only: [item id] or null for all, $awaited: whether only of items that wait for a role of the actor, $limit.
MATCH (actor:Actor {id: $actor_id}) WHERE NOT actor:System
MATCH (engine:System)
// include: work_states
WITH actor, engine, state AS at, flow, workflow, roles, [state] AS here, null AS actions, false AS further WHERE waits OR NOT $awaited
// include: rules
MATCH (at)<-[:IN_STATE]-(item:Item {workflow: flow}) WHERE $only IS NULL OR item.id IN $only
WITH actor, at AS state, roles, rules, item ORDER BY coalesce(item.priority, 3), item.created_at, item.id
CALL (item, actor, roles, state, rules) {
  UNWIND reduce(names = [], r IN rules | CASE WHEN r.automatic OR r.action IN names THEN names ELSE names + [r.action] END) AS name
  CALL (item, actor, roles, state, rules, name) {
    WITH item, actor, roles, state, rules, 0 AS step,
      {action: name, anyone: false, timer: false, assume_inputs: true, inputs: {}, verdicts: {}} AS c
    CALL (c, item, actor, roles, step, state, rules) {
      // include: candidates
    }
    RETURN any(x IN candidates WHERE size(x.reasons) = 0) AS allowed
  }
  WITH name WHERE allowed
  RETURN collect(name) AS offers
}
WITH item, offers WHERE size(offers) > 0
RETURN item.id AS item_id, offers AS actions LIMIT $limit
