// Stories and tasks by their ids, with all that hangs on them by one edge; what is to be a text, a list or a number, and was
// made something else by hand, keeps nobody from reading the others. $ids.
CALL () {
  MATCH (item:Item) WHERE item.id IN $ids RETURN item
UNION
  MATCH (item:Story) WHERE item.id IN $ids RETURN item
}
OPTIONAL MATCH (item)-[:IN_STATE]->(state:State)
WITH item, collect(state) AS states
RETURN {
  id: item.id, is_story: item:Story, title: toStringOrNull(item.title), workflow: item.workflow, version: coalesce(item.version, 0),
  rework: coalesce(item.rework, 0), description: toStringOrNull(item.description),
  acceptance_criteria: [criterion IN coalesce(item.acceptance_criteria, []) | coalesce(toStringOrNull(criterion), '')],
  story_points: CASE WHEN item.story_points IS :: INTEGER NOT NULL THEN item.story_points END,
  released: coalesce(item.released, false), priority: CASE WHEN item.priority IS :: INTEGER NOT NULL THEN item.priority END,
  type: toStringOrNull(item.type), estimate: CASE WHEN item.estimate IS :: FLOAT NOT NULL OR item.estimate IS :: INTEGER NOT NULL THEN item.estimate END,
  labels: [label IN coalesce(item.labels, []) | coalesce(toStringOrNull(label), '')], feedback: toStringOrNull(item.feedback),
  created_at: head([at IN [item.created_at] WHERE
    // include: readable_time
  ]), due_at: head([at IN [item.due_at] WHERE
    // include: readable_time
  ]), updated_at: head([at IN [item.updated_at] WHERE
    // include: readable_time
  ]), imported_from: item.imported_from,
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
