// Puts a story into a sprint, and out of any other; both are locked. $story_id, $sprint_id, $actor_id.
MATCH (story:Story {id: $story_id})
MATCH (sprint:Sprint {id: $sprint_id})
WHERE NOT EXISTS { (story)-[:IN_SPRINT]->(sprint) }
WITH story, sprint
// include: leave_sprint
CREATE (story)-[:IN_SPRINT {entered_at: datetime.realtime(), entered_by: $actor_id}]->(sprint)
RETURN story.id AS id
