// A page of stories, the oldest first. $state, $sprint_id, $epic_id: null for any; $after: [place, id] or null, $limit.
// They are looked for from the epic, else from the sprint, else from the state; only who asks for all has all of them read.
CALL () {
  MATCH (:Epic {id: $epic_id})-[:HAS_STORY]->(story:Story:Item)
  RETURN DISTINCT story
UNION ALL
  MATCH (:Sprint {id: $sprint_id})<-[:IN_SPRINT]-(story:Story:Item) WHERE $epic_id IS NULL
  RETURN DISTINCT story
UNION ALL
  UNWIND CASE WHEN $epic_id IS NULL AND $sprint_id IS NULL THEN [$state] ELSE [] END AS name
  MATCH (:State {name: name})<-[:IN_STATE]-(story:Story:Item)
  RETURN DISTINCT story
UNION ALL
  UNWIND CASE WHEN $epic_id IS NULL AND $sprint_id IS NULL AND $state IS NULL THEN [1] ELSE [] END AS one
  MATCH (story:Story:Item)
  RETURN story
}
WITH story
WHERE EXISTS { MATCH (story)-[:IN_STATE]->(state:State) WHERE $state IS NULL OR state.name = $state }
  AND ($sprint_id IS NULL OR EXISTS { (story)-[:IN_SPRINT]->(:Sprint {id: $sprint_id}) })
WITH story, story.created_at AS at
WITH story,
  // include: place_by_age
  AS place
ORDER BY place, story.id
WITH collect({id: story.id, place: place}) AS found
RETURN size(found) AS total, [row IN found
  WHERE $after IS NULL OR row.place > $after[0] OR (row.place = $after[0] AND row.id > $after[1])][..$limit] AS rows
