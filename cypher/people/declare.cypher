// The actor who stands for a role that a message declares, when such a role exists and is nobody's built-in. $id, $role.
MATCH (role:Role {name: $role}) WHERE NOT coalesce(role.builtin, false)
MERGE (actor:Actor {id: $id})
ON CREATE SET actor.name = $id, actor.kind = 'agent', actor.created_at = datetime.realtime()
MERGE (actor)-[:HAS_ROLE]->(role)
RETURN actor.id AS id
