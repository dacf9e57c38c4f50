// Takes the locks of what was asked and of its story before the answer is looked at, and says what became of it. $id.
MATCH (request:DerivationRequest {id: $id})-[:OF]->(story:Story)
SET story.lock = true, request.lock = true
WITH request, story
RETURN story.id AS story_id, request.workflow AS workflow, request.author_id AS author_id, request.fingerprint AS fingerprint,
  request.replaced_by AS replaced_by
