// The sprints that stories are or were in, the first first. $ids: [story id].
MATCH (story:Story)-[stay:IN_SPRINT|WAS_IN_SPRINT]->(sprint:Sprint)
USING INDEX SEEK story:Story(id)
WHERE story.id IN $ids
RETURN story.id AS story_id, stay {.entered_at, .entered_by, .left_at, .left_by, sprint_id: sprint.id} AS stay
ORDER BY coalesce(stay.left_at, datetime({year: 9999})), stay.entered_at
