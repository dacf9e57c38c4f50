// Hangs a task on another story, behind the tasks that are there, and tells of the story it leaves when that has no open task any more.
// $id, $story_id.
MATCH (task:Task {id: $id})
MATCH (story:Story {id: $story_id})
OPTIONAL MATCH (former:Story)-[hangs:HAS_TASK]->(task)
WITH task, story, collect(DISTINCT former) AS formers, collect(hangs) AS edges,
  // include: last_rank
  AS last_rank
CALL (task) {
  // Their locks, so that one that closes now either sees where it is waited for, or is closed when we look.
  MATCH (task)-[:DEPENDS_ON]->(on:Task)
  WITH on ORDER BY on.id
  SET on.lock = true
  RETURN count(*) AS held
}
FOREACH (one IN edges | DELETE one)
CREATE (story)-[:HAS_TASK]->(task)
SET task.rank = last_rank + 1
WITH formers, datetime.realtime() AS told_at
CALL (formers, told_at) {
  UNWIND formers AS story
  WITH story, 0 AS seq
  // include: completed
  RETURN count(*) AS completed
}
RETURN completed
