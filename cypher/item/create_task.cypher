// Creates a task in the first initial state its author may create in, or says what is missing.
// $id, $story_id, $title, $workflow, $state, $description, $type, $estimate, $priority, $labels, $depends_on: [task id], $assignee_id, $author_id, $owner_id.
OPTIONAL MATCH (known:Story {id: $story_id})
FOREACH (lock IN CASE WHEN known IS NULL THEN [] ELSE [known] END | SET lock.lock = true)
WITH known AS story
OPTIONAL MATCH (taken:Item {id: $id})
OPTIONAL MATCH (other:Story {id: $id})
OPTIONAL MATCH (assignee:Actor {id: $assignee_id})
OPTIONAL MATCH (same_epic:Epic {id: $id})
OPTIONAL MATCH (author:Actor {id: $author_id})
OPTIONAL MATCH (owner:Actor {id: $owner_id})
OPTIONAL MATCH (workflow:Workflow {name: $workflow, item: 'task'})
CALL (workflow, author) {
  // include: start
}
WITH *, [id IN $depends_on WHERE NOT EXISTS { (:Task {id: id}) }] AS missing,
  // include: put_away
  AS is_put_away, coalesce(author:System, false) AS builtin
WITH *, taken IS NULL AND other IS NULL AND same_epic IS NULL AND NOT builtin AND start IS NOT NULL AND story IS NOT NULL AND size(missing) = 0 AND NOT is_put_away
  AND ($assignee_id IS NULL OR assignee IS NOT NULL) AND ($author_id IS NULL OR author IS NOT NULL)
  AND ($owner_id IS NULL OR owner IS NOT NULL) AS fit
CALL (story, assignee, author, owner, workflow, start, fit) {
  WITH * WHERE fit
  WITH *,
    // include: last_rank
    AS last_rank
  CREATE (story)-[:HAS_TASK]->(task:Task:Item {
    id: $id, name: $id, title: $title, workflow: workflow.name, version: 0, rework: 0, description: $description, type: $type, estimate: $estimate, labels: $labels,
    priority: $priority, rank: last_rank + 1, created_at: datetime.realtime(), updated_at: datetime.realtime(),
    entered_at: datetime.realtime(), began_in: start.name
  })
  CREATE (task)-[:IN_STATE]->(start)
  WITH *, task AS item, start AS state
  CALL (item, state) {
    // include: due
  }
  SET item.due_at = CASE WHEN seconds IS NOT NULL THEN datetime.realtime() + duration({seconds: seconds}) END
  FOREACH (person IN CASE WHEN assignee IS NULL THEN [] ELSE [assignee] END | CREATE (task)-[:ASSIGNED_TO]->(person))
  FOREACH (person IN CASE WHEN author IS NULL THEN [] ELSE [author] END | CREATE (task)-[:AUTHORED_BY]->(person))
  FOREACH (person IN CASE WHEN owner IS NULL THEN [] ELSE [owner] END | CREATE (task)-[:OWNED_BY]->(person))
  // Its lock, so that one that closes now either sees that it is waited for, or is closed when we look.
  WITH task
  UNWIND $depends_on AS id
  MATCH (on:Task {id: id})
  WITH task, on ORDER BY on.id
  SET on.lock = true
  MERGE (task)-[:DEPENDS_ON]->(on)
}
RETURN taken IS NOT NULL OR other IS NOT NULL OR same_epic IS NOT NULL AS is_taken, story IS NOT NULL AS has_story, assignee IS NOT NULL AS has_assignee,
  author IS NOT NULL AS has_author, builtin, owner IS NOT NULL AS has_owner, workflow IS NOT NULL AS has_workflow, start.name AS start, missing, is_put_away
