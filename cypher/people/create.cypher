// Creates an actor with roles that exist. $id, $kind, $roles: [name].
OPTIONAL MATCH (taken:Actor {id: $id})
WITH taken, [name IN $roles WHERE NOT EXISTS { (:Role {name: name}) }] AS missing
CALL (taken, missing) {
  WITH taken, missing WHERE taken IS NULL AND size(missing) = 0
  CREATE (actor:Actor {id: $id, name: $id, kind: $kind, created_at: datetime.realtime()})
  WITH actor
  UNWIND $roles AS name
  MATCH (role:Role {name: name})
  MERGE (actor)-[:HAS_ROLE]->(role)
}
RETURN taken IS NOT NULL AS is_taken, missing
