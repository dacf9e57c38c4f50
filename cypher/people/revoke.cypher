// Takes a role from an actor; the built-in actor keeps its own. $id, $role.
OPTIONAL MATCH (actor:Actor {id: $id})
OPTIONAL MATCH (role:Role {name: $role})
OPTIONAL MATCH (actor)-[held:HAS_ROLE]->(role) WHERE NOT actor:System
DELETE held
// One row, also where the role was drawn twice by hand.
RETURN DISTINCT actor IS NOT NULL AS has_actor, role IS NOT NULL AS has_role, actor:System AS builtin
