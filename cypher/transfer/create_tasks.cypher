// Creates tasks that are not there, each in the state its row says; what they depend on is there, or among them. The locks of their stories are held.
// $rows: [{id, line, external: false, workflow, state, story_id, depends_on, author_id, owner_id, assignee_id,
//   fired: [{actor_id, action, times, last_at}], own: properties}]; $file: which it is.
CALL () {
  // Their locks, so that one that closes now either sees that it is waited for, or is closed when we look.
  UNWIND $rows AS row
  UNWIND row.depends_on AS id
  WITH DISTINCT id ORDER BY id
  MATCH (task:Task {id: id})
  SET task.lock = true
  RETURN count(*) AS tasks
}
UNWIND $rows AS row
WITH row.workflow AS flow, row.state AS name, collect(row) AS rows
MATCH (:Workflow {name: flow, item: 'task'})-[:HAS_STATE]->(state:State {name: name})
WITH rows, state, {workflow: flow} AS item
CALL (item, state) {
  // include: due
}
UNWIND rows AS row
OPTIONAL MATCH (story:Story {id: row.story_id})
OPTIONAL MATCH (author:Actor {id: row.author_id})
OPTIONAL MATCH (owner:Actor {id: row.owner_id})
OPTIONAL MATCH (assignee:Actor {id: row.assignee_id})
WITH row, state, seconds, story, author, owner, assignee, datetime.realtime() AS now
WHERE NOT EXISTS { (:Item {id: row.id}) } AND NOT EXISTS { (:Story {id: row.id}) } AND NOT EXISTS { (:Epic {id: row.id}) }
  // What is closed takes no work that is not, but for what this very file has closed so.
  AND (row.story_id IS NULL OR story IS NOT NULL AND (
    coalesce(state.kind, 'active') = 'final' OR NOT EXISTS { (story)-[:IN_STATE]->(:State {kind: 'final'}) } OR story.imported_from = $file))
  AND all(id IN row.depends_on WHERE id IN [one IN $rows | one.id] OR EXISTS { (:Task {id: id}) })
  AND (row.author_id IS NULL OR author IS NOT NULL) AND (row.owner_id IS NULL OR owner IS NOT NULL)
  AND (row.assignee_id IS NULL OR assignee IS NOT NULL) AND all(one IN row.fired WHERE EXISTS { (:Actor {id: one.actor_id}) })
CREATE (task:Task)
SET task += row.own, task.name = row.id, task.imported_from = $file, task.priority = coalesce(row.own.priority, 3), task.rank = coalesce(row.own.rank, row.line)
FOREACH (parent IN CASE WHEN story IS NULL THEN [] ELSE [story] END | CREATE (parent)-[:HAS_TASK]->(task))
WITH *, task AS item
// include: created
WITH collect({row: row, task: task}) AS made
CALL (made) {
  UNWIND made AS one
  UNWIND one.row.depends_on AS id
  MATCH (on:Task {id: id})
  WITH one.task AS task, on
  CREATE (task)-[:DEPENDS_ON]->(on)
}
UNWIND made AS one
RETURN one.row.id AS id
