// Takes the locks of a sprint (null: none) and of the one a story is in, in the order of their ids; those of stories come after,
// as when a sprint is closed. $story_id, $sprint_id.
UNWIND COLLECT {
  MATCH (story:Story {id: $story_id})-[:IN_SPRINT]->(former:Sprint)
  USING INDEX SEEK story:Story(id)
  RETURN former.id } + [$sprint_id] AS id
WITH DISTINCT id ORDER BY id
MATCH (sprint:Sprint {id: id})
SET sprint.lock = true
RETURN sprint.id AS id, sprint.state AS state
