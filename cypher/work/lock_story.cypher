// Takes the lock of a story before its tasks are looked at. $story_id.
MATCH (story:Story {id: $story_id})
REMOVE story.lock
RETURN story.id AS id
