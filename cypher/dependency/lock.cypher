// Takes the locks under which it is edited what a task depends on: that of all such edits, that of its story, those of both tasks;
// says what there is. $task_id, $on_id.
MERGE (all:Lock {name: 'dependencies'})
SET all.lock = true
WITH count(*) AS locked
OPTIONAL MATCH (task:Task:Item {id: $task_id})
OPTIONAL MATCH (on:Task:Item {id: $on_id})
CALL (task) {
  MATCH (story:Story)-[:HAS_TASK]->(task)
  SET story.lock = true
  RETURN collect(story.id) AS stories
}
CALL (task, on) {
  UNWIND [one IN [task, on] WHERE one IS NOT NULL] AS one
  WITH DISTINCT one ORDER BY one.id
  SET one.lock = true
  RETURN count(one) AS tasks
}
RETURN task IS NOT NULL AS has_task, on IS NOT NULL AS has_on, stories, COUNT { (task)-[:IN_STATE]->(:State) } AS states
