// The built-in actors, of which there should be one, each with its built-in roles.
MATCH (engine:System)
RETURN coalesce(engine.id, elementId(engine)) AS id, engine:Actor AS is_actor,
  COLLECT { MATCH (engine)-[:HAS_ROLE]->(role:Role) WHERE role.builtin = true RETURN role.name } AS roles
ORDER BY id
