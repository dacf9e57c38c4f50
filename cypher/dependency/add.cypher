// Has a task depend on another, if it does not yet, as one more change of its history. $task_id, $on_id, $actor_id, $inputs: JSON.
MATCH (item:Task:Item {id: $task_id})
MATCH (on:Task {id: $on_id})
WHERE NOT EXISTS { (item)-[:DEPENDS_ON]->(on) }
CREATE (item)-[:DEPENDS_ON]->(on)
WITH item
// include: edited
RETURN item.version AS version
