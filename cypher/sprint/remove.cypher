// Takes a story, which is locked, out of its sprint, if it is in one. $story_id, $actor_id.
MATCH (story:Story {id: $story_id})
WITH story
// include: leave_sprint
RETURN story.id AS id
