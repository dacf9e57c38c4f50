// What an actor may do now, given right inputs: each item with its actions, the most urgent first. $actor_id,
// $awaited: whether only of items that wait for a role of the actor, $limit.
MATCH (actor:Actor {id: $actor_id}) WHERE NOT actor:System
MATCH (engine:System)
// include: work_items
WITH *,
  // include: roles
  + ['*'] AS roles
CALL (engine, item, actor, roles, state) {
  CALL (item, state) {
    // include: leaving
  }
  WITH t WHERE coalesce(t.automatic, false) <> true
  MATCH (t)-[:ON]->(offered:Action)
  WITH offered.name AS name, min(t.order) AS nearest ORDER BY nearest, name
  CALL (engine, item, actor, roles, state, name) {
    WITH engine, item, actor, roles, state, name, 0 AS step,
      {action: name, anyone: false, timer: false, assume_inputs: true, inputs: {}, verdicts: {}} AS c
    CALL (c, engine, item, actor, roles, step, state) {
      // include: candidates
    }
    RETURN any(x IN candidates WHERE size(x.reasons) = 0) AS allowed
  }
  WITH name WHERE allowed
  RETURN collect(name) AS offers
}
CALL (item, state) {
  // include: awaits
}
WITH item, offers, awaited, roles WHERE size(offers) > 0 AND (NOT $awaited OR any(a IN awaited WHERE a.role IN roles))
RETURN item.id AS item_id, offers AS actions LIMIT $limit
