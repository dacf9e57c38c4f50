// Hangs a story on another epic, or on none. $id, $epic_id.
MATCH (story:Story {id: $id})
OPTIONAL MATCH (epic:Epic {id: $epic_id})
OPTIONAL MATCH (:Epic)-[former:HAS_STORY]->(story)
WITH story, epic, collect(former) AS formers
FOREACH (one IN formers | DELETE one)
FOREACH (one IN CASE WHEN epic IS NULL THEN [] ELSE [epic] END | CREATE (one)-[:HAS_STORY]->(story))
RETURN story.id AS id
