// What the state a story entered means for its tasks: released, held, or nothing. $story_id, $to_state.
// A story nobody has told us of becomes one without a state of its own.
MERGE (story:Story {id: $story_id})
ON CREATE SET story.name = $story_id, story.title = $story_id, story.released = false
SET story.lock = true
WITH story
OPTIONAL MATCH (k:Coupling)-[:IN_PARENT_STATE]->(state:State {name: $to_state})
WHERE story.workflow IS NULL OR state.workflow = story.workflow
WITH story, count(k.releases) > 0 AS releases, count(k.holds) > 0 AS holds
SET story.released = CASE WHEN releases THEN true WHEN holds THEN false ELSE story.released END
RETURN releases, story.released AS released
