// What tasks depend on, those that depend on nothing left out; a batch in the order of their ids. $after, $limit.
MATCH (task:Task) WHERE task.id > $after AND EXISTS { (task)-[:DEPENDS_ON]->() }
WITH task ORDER BY task.id LIMIT $limit
RETURN task.id AS id, COLLECT { MATCH (task)-[:DEPENDS_ON]->(on:Task) RETURN on.id ORDER BY on.id } AS on
ORDER BY id
