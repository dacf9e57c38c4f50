// What an actor may do with the rules of a workflow, and the roles whose holders may. $actor_id, $workflow.
OPTIONAL MATCH (actor:Actor {id: $actor_id})
OPTIONAL MATCH (actor)-[:HAS_ROLE]->(:Role)-[up:INHERITS*0..8]->(r:Role)
WHERE all(edge IN up WHERE coalesce(edge.workflow, $workflow) = $workflow)
WITH actor, collect(DISTINCT r) AS roles, COLLECT { MATCH (all:Role {name: '*'}) RETURN all } AS anyone
RETURN actor IS NOT NULL AS known, actor.kind AS kind, coalesce(actor:System, false) AS builtin,
  any(r IN roles + anyone WHERE r.administers = true OR EXISTS { (r)-[:MAY_DRAFT]->(:Workflow {name: $workflow}) }) AS may_draft,
  any(r IN roles + anyone WHERE r.administers = true OR EXISTS { (r)-[:MAY_PUBLISH]->(:Workflow {name: $workflow}) }) AS may_publish,
  COLLECT { MATCH (d:Role) WHERE d.administers = true OR EXISTS { (d)-[:MAY_DRAFT]->(:Workflow {name: $workflow}) } RETURN d.name ORDER BY d.name } AS drafters,
  COLLECT { MATCH (d:Role) WHERE d.administers = true OR EXISTS { (d)-[:MAY_PUBLISH]->(:Workflow {name: $workflow}) } RETURN d.name ORDER BY d.name } AS publishers
