// Has a task depend on another no more; no row if it does not. $task_id, $on_id.
MATCH (task:Task {id: $task_id})-[edge:DEPENDS_ON]->(:Task {id: $on_id})
USING INDEX SEEK task:Task(id)
WITH task, collect(edge) AS edges
FOREACH (edge IN edges | DELETE edge)
RETURN task.id AS id
