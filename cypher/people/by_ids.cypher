// Actors by their ids. $ids.
MATCH (actor:Actor) WHERE actor.id IN $ids
RETURN actor {.id, .kind, builtin: actor:System, roles: COLLECT { MATCH (actor)-[:HAS_ROLE]->(r:Role) RETURN DISTINCT r.name ORDER BY r.name }} AS actor
