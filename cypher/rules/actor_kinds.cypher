// The kinds of actors there are, by what they are and which roles they hold, and what roles inherit whatever the workflow.
OPTIONAL MATCH (actor:Actor) WHERE NOT actor:System
WITH actor, CASE WHEN actor IS NOT NULL THEN {kind: actor.kind, roles: COLLECT { MATCH (actor)-[:HAS_ROLE]->(r:Role) RETURN r.name ORDER BY r.name }} END AS one
WITH collect(DISTINCT one) AS actors
RETURN actors,
  COLLECT { MATCH (:System)-[:HAS_ROLE]->(r:Role) RETURN r.name } AS engine,
  COLLECT { MATCH (role:Role)-[up:INHERITS]->(p:Role) WHERE up.workflow IS NULL RETURN {role: role.name, inherits: p.name} } AS everywhere
