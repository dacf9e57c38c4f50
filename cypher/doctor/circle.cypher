// How many of these tasks depend on the next one, looked at while nobody may edit what depends on what. $ids: in their order.
MERGE (all:Lock {name: 'dependencies'})
SET all.lock = true
WITH count(*) AS locked
UNWIND range(0, size($ids) - 2) AS place
MATCH (task:Task {id: $ids[place]})
MATCH (on:Task {id: $ids[place + 1]})
WHERE EXISTS { (task)-[:DEPENDS_ON]->(on) }
RETURN count(*) AS edges
