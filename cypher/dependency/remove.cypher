// Has a task depend on another no more, if it does, as one more change of its history. $task_id, $on_id, $actor_id, $inputs: JSON.
MATCH (item:Task {id: $task_id})-[edge:DEPENDS_ON]->(:Task {id: $on_id})
USING INDEX SEEK item:Task(id)
WITH item, collect(edge) AS edges
FOREACH (edge IN edges | DELETE edge)
WITH item
// include: edited
RETURN item.version AS version
