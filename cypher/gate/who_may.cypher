// Who may do an action on an item now, given right inputs; `permitted` are the transitions that only the work itself
// stands against, told if $hopeful. $first comes first; the others come as they are found, unsorted, so that of very many
// no more are looked at than are told. $item_id, $action, $verdicts: {plug-in: {version, holds}}, $limit.
MATCH (asked:Item {id: $item_id})-[:IN_STATE]->(at:State)
USING INDEX SEEK asked:Item(id)
MATCH (engine:System)
OPTIONAL MATCH (workflow:Workflow {name: asked.workflow})
WITH *, [at] AS here, [$action] AS actions, false AS further
// include: rules
WITH engine, at, rules, asked AS item
CALL (item, rules, engine) {
  UNWIND [r IN rules | r.node] AS t
  CALL (item, t) {
    MATCH (actor:Actor {id: $first})
    RETURN actor
  UNION
    MATCH (t)<-[:MAY_FIRE]-(:Role)<-[:INHERITS*0..8]-(:Role)<-[:HAS_ROLE]-(actor:Actor)
    RETURN actor
  UNION
    MATCH (t)-[:NEEDS_ROLE]->(:Role)<-[:INHERITS*0..8]-(:Role)<-[:HAS_ROLE]-(actor:Actor)
    RETURN actor
  UNION
    MATCH (item)-[:ASSIGNED_TO|AUTHORED_BY|OWNED_BY]->(actor:Actor)
    RETURN actor
  UNION
    MATCH (item)<-[:HAS_FIRED]-(actor:Actor)
    RETURN actor
  UNION
    WITH t WHERE EXISTS { (:Role {name: '*'})-[:MAY_FIRE]->(t) } OR any(relation IN t.relations WHERE relation CONTAINS 'not_')
    MATCH (actor:Actor)
    RETURN actor
  }
  // Nobody can be asked by an id that is no text, as a hand has written it.
  WITH actor, engine WHERE actor <> engine AND actor.id IS :: STRING NOT NULL
  RETURN DISTINCT actor
}
WITH item, at AS state, rules, actor, 0 AS step,
  {action: $action, anyone: false, timer: false, assume_inputs: true, inputs: {}, verdicts: $verdicts} AS c
WITH *,
  // include: roles
  + ['*'] AS roles
CALL (c, item, actor, roles, step, state, rules) {
  // include: candidates
}
WITH actor, any(x IN candidates WHERE size(x.reasons) = 0) AS allowed, [x IN candidates WHERE NOT any(reason IN x.reasons
  WHERE reason.code IN ['ROLE_NOT_ALLOWED', 'RELATION_NOT_MET', 'SAME_ACTOR']) | x.r.key] AS permitted
WHERE allowed OR $hopeful AND size(permitted) > 0
RETURN actor.id AS actor_id, allowed, permitted LIMIT $limit
