// What was asked of derivers outside, by ids. $ids.
MATCH (request:DerivationRequest)-[:OF]->(story:Story) WHERE request.id IN $ids
RETURN request {.id, .at, .answered_at, .replaced_by, story_id: story.id} AS request
