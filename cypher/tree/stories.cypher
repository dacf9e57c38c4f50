// A page of stories, the oldest first. $state, $sprint_id, $epic_id: null for any; $after: [place, id] or null, $limit.
MATCH (story:Story:Item)-[:IN_STATE]->(state:State)
WHERE ($state IS NULL OR state.name = $state)
  AND ($sprint_id IS NULL OR EXISTS { (story)-[:IN_SPRINT]->(:Sprint {id: $sprint_id}) })
  AND ($epic_id IS NULL OR EXISTS { (:Epic {id: $epic_id})-[:HAS_STORY]->(story) })
WITH story, story.created_at.epochMillis AS place ORDER BY place, story.id
WITH collect({id: story.id, place: place}) AS found
RETURN size(found) AS total, [row IN found
  WHERE $after IS NULL OR row.place > $after[0] OR (row.place = $after[0] AND row.id > $after[1])][..$limit] AS rows
