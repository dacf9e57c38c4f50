// Creates actors that are not there. $rows: [{id, actor_kind, roles, own: properties}].
UNWIND $rows AS row
WITH row WHERE NOT EXISTS { (:Actor {id: row.id}) } AND all(name IN row.roles WHERE EXISTS { (:Role {name: name}) })
CREATE (actor:Actor)
SET actor += row.own, actor.name = row.id, actor.kind = row.actor_kind, actor.created_at = coalesce(row.own.created_at, datetime.realtime())
WITH row, actor
CALL (row, actor) {
  UNWIND row.roles AS name
  MATCH (role:Role {name: name})
  CREATE (actor)-[:HAS_ROLE]->(role)
}
RETURN row.id AS id
