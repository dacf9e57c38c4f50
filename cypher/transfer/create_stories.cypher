// Creates stories that are not there, each in the state its row says, and tells of them.
// $rows: [{id, line, external, workflow, state, epic_id, sprint_id, sprint_entered_at, sprint_entered_by, sprint_points,
//   is_past: whether the file says itself that this sprint has ended, stays: [{sprint_id, entered_at, entered_by, left_at, left_by, points}], author_id, owner_id, assignee_id,
//   fired: [{actor_id, action, times, last_at}], own: properties}]; $file: which it is.
CALL () {
  UNWIND $rows AS row
  WITH DISTINCT row.epic_id AS id ORDER BY id
  MATCH (epic:Epic {id: id})
  SET epic.lock = true
  RETURN count(*) AS epics
}
WITH datetime.realtime() AS began
UNWIND $rows AS row
WITH began, row.workflow AS flow, row.state AS name, collect(row) AS rows
OPTIONAL MATCH (:Workflow {name: flow, item: 'story'})-[:HAS_STATE]->(state:State {name: name})
WITH began, rows, state, {workflow: flow} AS item, EXISTS {
  MATCH (state)<-[:IN_PARENT_STATE]-(k:Coupling) WHERE k.releases IS NOT NULL } AS releases
CALL (item, state) {
  // include: due
}
UNWIND rows AS row
OPTIONAL MATCH (epic:Epic {id: row.epic_id})
OPTIONAL MATCH (sprint:Sprint {id: row.sprint_id})
OPTIONAL MATCH (author:Actor {id: row.author_id})
OPTIONAL MATCH (owner:Actor {id: row.owner_id})
OPTIONAL MATCH (assignee:Actor {id: row.assignee_id})
WITH began, row, state, releases, seconds, epic, sprint, author, owner, assignee, datetime.realtime() AS now
WHERE NOT EXISTS { (:Story {id: row.id}) } AND NOT EXISTS { (:Item {id: row.id}) } AND NOT EXISTS { (:Epic {id: row.id}) }
  AND (row.external OR state IS NOT NULL)
  // What was put away takes no stories, but for those that this very file has put away with it.
  AND (row.epic_id IS NULL OR epic IS NOT NULL AND (epic.archived_at IS NULL OR epic.imported_from = $file))
  AND all(stay IN row.stays WHERE EXISTS { (:Sprint {id: stay.sprint_id}) }) 
  AND (row.sprint_id IS NULL OR sprint IS NOT NULL AND (sprint.state <> 'closed' OR row.is_past))
  AND (row.author_id IS NULL OR author IS NOT NULL) AND (row.owner_id IS NULL OR owner IS NOT NULL)
  AND (row.assignee_id IS NULL OR assignee IS NOT NULL) AND all(one IN row.fired WHERE EXISTS { (:Actor {id: one.actor_id}) })
CREATE (story:Story)
SET story += row.own, story.name = row.id, story.imported_from = $file, story.released = coalesce(row.own.released, releases)
FOREACH (parent IN CASE WHEN epic IS NULL THEN [] ELSE [epic] END | CREATE (parent)-[:HAS_STORY]->(story))
FOREACH (one IN CASE WHEN sprint IS NULL THEN [] ELSE [sprint] END |
  CREATE (story)-[:IN_SPRINT {entered_at: row.sprint_entered_at, entered_by: row.sprint_entered_by, points: row.sprint_points}]->(one))
// A place of its own, or one behind all there are, in the order of the lines.
FOREACH (one IN CASE WHEN row.external THEN [] ELSE [story] END |
  SET one:Ranked, one.rank_key = coalesce(row.own.rank_key, toString(began.epochMillis * 1000 + began.microsecond % 1000) + right('000000000' + row.line, 10) + '1'))
WITH *
CALL (story, row) {
  UNWIND row.stays AS stay
  MATCH (former:Sprint {id: stay.sprint_id})
  CREATE (story)-[:WAS_IN_SPRINT {
    entered_at: stay.entered_at, entered_by: stay.entered_by, left_at: stay.left_at, left_by: stay.left_by, points: stay.points
  }]->(former)
}
WITH *, story AS item
// include: created
FOREACH (one IN CASE WHEN row.external THEN [] ELSE [1] END |
  // A hop takes away since when it is in its state.
  SET story.began_at = coalesce(row.own.began_at, CASE WHEN row.own.version = 0 THEN coalesce(story.done_at, story.entered_at) END)
  CREATE (:OutboxEvent {
    outbox_id: randomUUID(), outbox_at: now, outbox_order: 0, item_id: row.id,
    subject: 'planning.story.created', story_id: row.id, epic_id: row.epic_id, title: row.own.title, created_by: row.author_id
  }))
RETURN row.id AS id
