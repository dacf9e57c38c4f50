// Takes locks as the gate does, stories before items and each kind in the order of the ids, and tells what a change by hand has to know.
// $id, $stories: [story id] and $tasks: [task id] beside it, each task after its story, as $id after its own; $actor_id.
OPTIONAL MATCH (item:Item {id: $id})
WITH item, head(COLLECT { MATCH (parent:Story)-[:HAS_TASK]->(item) RETURN parent.id }) AS held,
  COLLECT {
    UNWIND $tasks AS id
    MATCH (parent:Story)-[:HAS_TASK]->(task:Task {id: id})
    USING INDEX SEEK task:Task(id)
    RETURN parent.id } AS others
CALL (held, others) {
  UNWIND $stories + others + [held] AS id
  WITH DISTINCT id ORDER BY id
  MATCH (story:Story {id: id})
  SET story.lock = true
  RETURN count(*) AS stories
}
CALL (stories) {
  UNWIND [$id] + $tasks AS id
  WITH DISTINCT id ORDER BY id
  MATCH (one:Item {id: id})
  SET one.lock = true
  RETURN count(*) AS items
}
WITH item, held, items
OPTIONAL MATCH (actor:Actor {id: $actor_id})
OPTIONAL MATCH (workflow:Workflow {name: item.workflow})
WITH item, held, actor, collect(workflow) AS flows
WITH *, COLLECT { MATCH (item)-[:IN_STATE]->(state:State) RETURN state {.name, .kind} } AS states
RETURN coalesce(item:Story, false) AS is_story, coalesce(item:Task, false) AS is_task, item.version AS version, item.version IS :: INTEGER AS is_counted, states, item.archived_at AS archived_at,
  [id IN $tasks WHERE NOT EXISTS { (:Task:Item {id: id}) }] AS missing,
  // While it waited for the locks it may have been moved to another story, which then is not locked.
  held, head(COLLECT { MATCH (parent:Story)-[:HAS_TASK]->(item) RETURN parent.id }) AS story_id,
  head(COLLECT { MATCH (epic:Epic)-[:HAS_STORY]->(item) RETURN epic.id }) AS epic_id,
  $actor_id IS NULL OR actor IS NOT NULL AS has_actor, coalesce(actor:System, false) AS builtin,
  // include: may_edit
  AS may,
  // include: editors
  AS editors
