// Takes a story out of its sprint, if it is in one. $story_id, $actor_id.
MATCH (story:Story {id: $story_id})
SET story.lock = true
WITH story
// include: leave_sprint
RETURN story.id AS id
