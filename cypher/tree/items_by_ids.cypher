// Stories and tasks by their ids, with all that hangs on them by one edge. $ids.
CALL () {
  MATCH (item:Item) WHERE item.id IN $ids RETURN item
UNION
  MATCH (item:Story) WHERE item.id IN $ids RETURN item
}
OPTIONAL MATCH (item)-[:IN_STATE]->(state:State)
WITH item, collect(state) AS states
RETURN {
  id: item.id, is_story: item:Story, title: item.title, workflow: item.workflow, version: coalesce(item.version, 0),
  rework: coalesce(item.rework, 0), description: item.description, acceptance_criteria: coalesce(item.acceptance_criteria, []),
  story_points: item.story_points, released: coalesce(item.released, false), priority: item.priority, type: item.type, estimate: item.estimate, labels: coalesce(item.labels, []), feedback: item.feedback,
  created_at: item.created_at, due_at: item.due_at, updated_at: item.updated_at, imported_from: item.imported_from,
  archived: item.archived_at IS NOT NULL AND size(states) = 1 AND states[0].kind = 'final',
  state: CASE WHEN size(states) = 1 THEN {name: states[0].name, kind: states[0].kind} END,
  assignee_id: head(COLLECT { MATCH (item)-[:ASSIGNED_TO]->(a:Actor) RETURN a.id }),
  author_id: head(COLLECT { MATCH (item)-[:AUTHORED_BY]->(a:Actor) RETURN a.id }),
  owner_id: head(COLLECT { MATCH (item)-[:OWNED_BY]->(a:Actor) RETURN a.id }),
  epic_id: head(COLLECT { MATCH (e:Epic)-[:HAS_STORY]->(item) RETURN e.id }),
  story_id: head(COLLECT { MATCH (s:Story)-[:HAS_TASK]->(item) RETURN s.id }),
  sprint_id: head(COLLECT { MATCH (item)-[:IN_SPRINT]->(s:Sprint) RETURN s.id }),
  depends_on: COLLECT { MATCH (item)-[:DEPENDS_ON]->(t:Task) RETURN t.id ORDER BY t.id },
  verified:
    // include: verified
  , not_ready:
    // include: definition_of_ready
} AS item
