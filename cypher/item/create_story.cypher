// Creates a story in the first initial state its author may create in, or says what is missing; tells of it.
// $id, $epic_id, $title, $workflow, $state, $description, $acceptance_criteria, $story_points, $labels, $author_id, $owner_id.
OPTIONAL MATCH (taken:Story {id: $id})
OPTIONAL MATCH (other:Item {id: $id})
OPTIONAL MATCH (epic:Epic {id: $epic_id})
FOREACH (lock IN CASE WHEN epic IS NULL THEN [] ELSE [epic] END | SET lock.lock = true)
WITH *, epic.archived_at IS NOT NULL AS is_archived
OPTIONAL MATCH (same_epic:Epic {id: $id})
OPTIONAL MATCH (author:Actor {id: $author_id})
OPTIONAL MATCH (owner:Actor {id: $owner_id})
OPTIONAL MATCH (workflow:Workflow {name: $workflow, item: 'story'})
CALL (workflow, author) {
  // include: start
}
WITH *, coalesce(author:System, false) AS builtin
WITH *, taken IS NULL AND other IS NULL AND same_epic IS NULL AND NOT builtin AND start IS NOT NULL
  AND ($epic_id IS NULL OR epic IS NOT NULL AND NOT is_archived) AND ($author_id IS NULL OR author IS NOT NULL)
  AND ($owner_id IS NULL OR owner IS NOT NULL) AS fit
CALL (epic, author, owner, workflow, start, fit) {
  WITH * WHERE fit
  CREATE (story:Story:Item:Ranked {
    id: $id, name: $id, title: $title, workflow: workflow.name, version: 0, rework: 0, released: false,
    description: $description, acceptance_criteria: $acceptance_criteria, story_points: $story_points, labels: $labels, rank_key:
      // include: rank_key
    ,
    created_at: datetime.realtime(), updated_at: datetime.realtime(),
    entered_at: datetime.realtime(), began_in: start.name
  })
  CREATE (story)-[:IN_STATE]->(start)
  WITH *, story AS item, start AS state
  CALL (item, state) {
    // include: due
  }
  SET item.due_at = CASE WHEN seconds IS NOT NULL THEN datetime.realtime() + duration({seconds: seconds}) END
  FOREACH (parent IN CASE WHEN epic IS NULL THEN [] ELSE [epic] END | CREATE (parent)-[:HAS_STORY]->(story))
  FOREACH (person IN CASE WHEN author IS NULL THEN [] ELSE [author] END | CREATE (story)-[:AUTHORED_BY]->(person))
  FOREACH (person IN CASE WHEN owner IS NULL THEN [] ELSE [owner] END | CREATE (story)-[:OWNED_BY]->(person))
  CREATE (:OutboxEvent {
    outbox_id: randomUUID(), outbox_at: datetime.realtime(), outbox_order: 0, item_id: $id,
    subject: 'planning.story.created', story_id: $id, epic_id: epic.id, title: $title, created_by: author.id
  })
}
RETURN taken IS NOT NULL OR other IS NOT NULL OR same_epic IS NOT NULL AS is_taken, epic IS NOT NULL AS has_epic, author IS NOT NULL AS has_author, builtin, owner IS NOT NULL AS has_owner,
  workflow IS NOT NULL AS has_workflow, start.name AS start, is_archived
