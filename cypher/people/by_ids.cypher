// Actors by their ids; a kind, or the name of a role, that a hand has made something else is none. $ids.
MATCH (actor:Actor) WHERE actor.id IN $ids
RETURN actor {
  .id, kind: CASE WHEN actor.kind IN ['human', 'agent', 'service'] THEN actor.kind END, builtin: actor:System,
  roles: COLLECT { MATCH (actor)-[:HAS_ROLE]->(r:Role) WHERE r.name IS :: STRING NOT NULL RETURN DISTINCT r.name ORDER BY r.name }
} AS actor
