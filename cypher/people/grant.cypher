// Gives an actor a role; the built-in actor has its own alone. $id, $role.
OPTIONAL MATCH (actor:Actor {id: $id})
OPTIONAL MATCH (role:Role {name: $role})
FOREACH (a IN CASE WHEN actor IS NULL OR role IS NULL OR actor:System THEN [] ELSE [actor] END | MERGE (a)-[:HAS_ROLE]->(role))
RETURN actor IS NOT NULL AS has_actor, role IS NOT NULL AS has_role, actor:System AS builtin
