// What the state a story entered means for its tasks: released, held, or nothing. $story_id, $to_state.
// A story nobody has told us of becomes one without a state of its own; of an id that is taken by something else there is no row.
OPTIONAL MATCH (task:Task {id: $story_id})
OPTIONAL MATCH (epic:Epic {id: $story_id})
WITH task, epic WHERE task IS NULL AND epic IS NULL
MERGE (story:Story {id: $story_id})
ON CREATE SET story.name = $story_id, story.title = $story_id, story.released = false
SET story.lock = true
WITH story
OPTIONAL MATCH (k:Coupling)-[:IN_PARENT_STATE]->(state:State {name: $to_state})
WHERE story.workflow IS NULL OR state.workflow = story.workflow
WITH story, count(k.releases) > 0 AS releasing, count(k.holds) > 0 AS holding
WITH *,
  // Messages may be late: a story that has a state of its own may be in another one by now. One that nobody has moved here yet
  // is where it began because somebody else moves it.
  EXISTS {
    MATCH (story)-[:IN_STATE]->(now:State)<-[:IN_PARENT_STATE]-(c:Coupling)
    WHERE c.holds IS NOT NULL AND (coalesce(now.kind, 'active') <> 'initial' OR EXISTS { (:Actor)-[:HAS_FIRED]->(story) }) } AS is_held,
  // include: put_away
  AS is_put_away
WITH story, holding, releasing AND NOT is_put_away AS takes_tasks, releasing AND NOT is_held AND NOT is_put_away AS releases
SET story.released = CASE WHEN releases THEN true WHEN holding THEN false ELSE story.released END
RETURN takes_tasks, releases, story.released AS released
