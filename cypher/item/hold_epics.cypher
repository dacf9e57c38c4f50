// Takes the locks of epics in the order of their ids, and tells which there are, and whether who asks may change epics: as those may who may
// change the stories of some workflow. $ids, $actor_id.
CALL () {
  UNWIND $ids AS id
  WITH DISTINCT id ORDER BY id
  MATCH (epic:Epic {id: id})
  SET epic.lock = true
  RETURN collect(epic {.id, .archived_at}) AS epics
}
OPTIONAL MATCH (actor:Actor {id: $actor_id})
OPTIONAL MATCH (workflow:Workflow {item: 'story'})
WITH epics, actor, collect(workflow) AS flows
RETURN epics, $actor_id IS NULL OR actor IS NOT NULL AS has_actor, coalesce(actor:System, false) AS builtin,
  // include: may_edit
  AS may,
  // include: editors
  AS editors
