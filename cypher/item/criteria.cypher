// Takes the lock of a story before tasks are derived of it, and says its criteria. $story_id.
MATCH (story:Story {id: $story_id})
SET story.lock = true
RETURN coalesce(story.acceptance_criteria, []) AS criteria
