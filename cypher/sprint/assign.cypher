// Puts a story into a sprint that has not ended, and out of any other. $story_id, $sprint_id, $actor_id.
OPTIONAL MATCH (story:Story {id: $story_id})
FOREACH (s IN CASE WHEN story IS NULL THEN [] ELSE [story] END | SET s.lock = true)
WITH story
OPTIONAL MATCH (sprint:Sprint {id: $sprint_id})
FOREACH (s IN CASE WHEN sprint IS NULL THEN [] ELSE [sprint] END | SET s.lock = true)
WITH story, sprint
CALL (story, sprint) {
  WITH story, sprint
  WHERE story IS NOT NULL AND sprint.state <> 'closed' AND NOT EXISTS { (story)-[:IN_SPRINT]->(sprint) }
  // include: leave_sprint
  CREATE (story)-[:IN_SPRINT {entered_at: datetime.realtime(), entered_by: $actor_id}]->(sprint)
}
RETURN story IS NOT NULL AS has_story, sprint.state AS state
