// Takes the lock of a story before its tasks are looked at. $story_id.
MATCH (story:Story {id: $story_id})
SET story.lock = true
RETURN story.id AS id
