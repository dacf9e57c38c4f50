// Creates stories that are not there, each in the state its row says, and tells of them.
// $rows: [{id, external, workflow, state, epic_id, sprint_id, author_id, owner_id, assignee_id, own: properties}].
UNWIND $rows AS row
WITH row.workflow AS flow, row.state AS name, collect(row) AS rows
OPTIONAL MATCH (:Workflow {name: flow, item: 'story'})-[:HAS_STATE]->(state:State {name: name})
WITH rows, state, {workflow: flow} AS item, EXISTS {
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
WITH row, state, releases, seconds, epic, sprint, author, owner, assignee, datetime.realtime() AS now
WHERE NOT EXISTS { (:Story {id: row.id}) } AND NOT EXISTS { (:Item {id: row.id}) }
  AND (row.external OR state IS NOT NULL)
  AND (row.epic_id IS NULL OR epic IS NOT NULL) AND (row.sprint_id IS NULL OR sprint IS NOT NULL)
  AND (row.author_id IS NULL OR author IS NOT NULL) AND (row.owner_id IS NULL OR owner IS NOT NULL)
  AND (row.assignee_id IS NULL OR assignee IS NOT NULL)
CREATE (story:Story)
SET story += row.own, story.name = row.id, story.released = coalesce(row.own.released, releases)
FOREACH (parent IN CASE WHEN epic IS NULL THEN [] ELSE [epic] END | CREATE (parent)-[:HAS_STORY]->(story))
FOREACH (one IN CASE WHEN sprint IS NULL THEN [] ELSE [sprint] END | CREATE (story)-[:IN_SPRINT]->(one))
WITH *, story AS item
// include: created
FOREACH (one IN CASE WHEN row.external THEN [] ELSE [1] END |
  CREATE (:OutboxEvent {
    outbox_id: randomUUID(), outbox_at: now, outbox_order: 0, item_id: row.id, json_fields: [],
    subject: 'planning.story.created', story_id: row.id, epic_id: row.epic_id, title: row.own.title, created_by: row.author_id
  }))
RETURN row.id AS id
