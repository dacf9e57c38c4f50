// Gives a task to an actor, or to nobody; says whether there is such an actor. $id, $assignee_id.
MATCH (task:Task {id: $id})
OPTIONAL MATCH (assignee:Actor {id: $assignee_id})
CALL (task, assignee) {
  WITH task, assignee WHERE $assignee_id IS NULL OR assignee IS NOT NULL
  OPTIONAL MATCH (task)-[former:ASSIGNED_TO]->(:Actor)
  WITH task, assignee, collect(former) AS formers
  FOREACH (one IN formers | DELETE one)
  FOREACH (one IN CASE WHEN assignee IS NULL THEN [] ELSE [assignee] END | CREATE (task)-[:ASSIGNED_TO]->(one))
}
RETURN assignee IS NOT NULL AS has_assignee
