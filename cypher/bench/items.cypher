// Tasks in work, some to a story in work, as the statements of the product would have left them.
// $prefix, $start, $end, $size (tasks of a story), $task, $story: {workflow, state}, $epic (null: none).
MATCH (at:State {name: $task.state, workflow: $task.workflow})
MATCH (above:State {name: $story.state, workflow: $story.workflow})
UNWIND range($start, $end - 1, $size) AS first
CREATE (story:Story:Item {
  id: $prefix + 'story-' + first, name: $prefix + 'story-' + first, title: 'A story of the benchmark', workflow: $story.workflow,
  version: 0, rework: 0, released: true, created_at: datetime(), updated_at: datetime(), entered_at: datetime(), began_in: above.name
})
CREATE (story)-[:IN_STATE]->(above)
FOREACH (id IN CASE WHEN $epic IS NULL THEN [] ELSE [$epic] END |
  MERGE (epic:Epic {id: id}) ON CREATE SET epic.name = id, epic.title = 'An epic of the benchmark'
  CREATE (epic)-[:HAS_STORY]->(story))
WITH story, at, first
UNWIND range(first, CASE WHEN first + $size < $end THEN first + $size ELSE $end END - 1) AS n
CREATE (story)-[:HAS_TASK]->(task:Task:Item {
  id: $prefix + n, name: $prefix + n, title: 'A task of the benchmark', workflow: $task.workflow, version: 0, rework: 0,
  priority: 3, rank: n - first, created_at: datetime(), updated_at: datetime(), entered_at: datetime(), started_at: datetime(),
  began_in: at.name
})
CREATE (task)-[:IN_STATE]->(at)
RETURN count(*) AS tasks
