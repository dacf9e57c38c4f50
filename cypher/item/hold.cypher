// Takes locks as the gate does, stories before tasks and those in the order of their ids, and tells what a change by hand has to know.
// $id, $stories: [story id] beside the one a task is of, $actor_id.
OPTIONAL MATCH (item:Item {id: $id})
WITH item, head(COLLECT { MATCH (parent:Story)-[:HAS_TASK]->(item) RETURN parent.id }) AS held
CALL (held) {
  UNWIND $stories + [held] AS id
  WITH DISTINCT id ORDER BY id
  MATCH (story:Story {id: id})
  SET story.lock = true
  RETURN count(*) AS locked
}
FOREACH (one IN CASE WHEN item IS NULL THEN [] ELSE [item] END | SET one.lock = true)
WITH item, held, locked
OPTIONAL MATCH (actor:Actor {id: $actor_id})
OPTIONAL MATCH (workflow:Workflow {name: item.workflow})
WITH item, held, actor, collect(workflow) AS flows
WITH *, COLLECT { MATCH (item)-[:IN_STATE]->(state:State) RETURN state {.name, .kind} } AS states
RETURN coalesce(item:Story, false) AS is_story, coalesce(item:Task, false) AS is_task, item.version AS version, states, item.archived_at AS archived_at,
  // While it waited for the locks it may have been moved to another story, which then is not locked.
  held, head(COLLECT { MATCH (parent:Story)-[:HAS_TASK]->(item) RETURN parent.id }) AS story_id,
  head(COLLECT { MATCH (epic:Epic)-[:HAS_STORY]->(item) RETURN epic.id }) AS epic_id,
  $actor_id IS NULL OR actor IS NOT NULL AS has_actor, coalesce(actor:System, false) AS builtin,
  // include: may_edit
  AS may,
  // include: editors
  AS editors
