// Actors as rows of a backlog file. $ids.
UNWIND $ids AS id
MATCH (actor:Actor {id: id})
RETURN id, properties(actor) AS own, coalesce(actor:System, false) AS builtin, {
  actor_kind: actor.kind, roles: COLLECT { MATCH (actor)-[:HAS_ROLE]->(r:Role) RETURN r.name ORDER BY r.name }} AS beside, [] AS changes
ORDER BY id
