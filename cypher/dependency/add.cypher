// Has a task depend on another, if it does not yet; no row if it does. $task_id, $on_id.
MATCH (task:Task {id: $task_id})
MATCH (on:Task {id: $on_id})
WHERE NOT EXISTS { (task)-[:DEPENDS_ON]->(on) }
CREATE (task)-[:DEPENDS_ON]->(on)
RETURN task.id AS id
