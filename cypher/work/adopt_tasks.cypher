// Creates the tasks an event names that are not there yet, in their workflow's initial state; leaves all others alone.
// $story_id, $workflow, $tasks: [{place, id, title, priority, depends_on}].
MATCH (story:Story {id: $story_id})
MATCH (workflow:Workflow {name: $workflow})-[starts:STARTS_AT]->(initial:State)
WITH story, workflow, initial ORDER BY starts.order LIMIT 1
WITH story, workflow, initial,
  // include: last_rank
  AS last_rank
UNWIND $tasks AS row
OPTIONAL MATCH (known:Item {id: row.id})
WITH story, workflow, initial, row, last_rank WHERE known IS NULL
CREATE (story)-[:HAS_TASK]->(task:Task:Item {
  id: row.id, name: row.id, title: coalesce(row.title, row.id), workflow: workflow.name, version: 0, rework: 0,
  priority: coalesce(row.priority, 3), rank: last_rank + 1 + row.place, created_at: datetime.realtime(), updated_at: datetime.realtime(),
  entered_at: datetime.realtime(), began_in: initial.name
})
CREATE (task)-[:IN_STATE]->(initial)
WITH task AS item, initial AS state
CALL (item, state) {
  // include: due
}
SET item.due_at = CASE WHEN seconds IS NOT NULL THEN datetime.realtime() + duration({seconds: seconds}) END
RETURN item.id AS id
