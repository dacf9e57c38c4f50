// Starts or closes a sprint, when it is in one of the states that come before; its stories, but for those with an id that is no text. $id, $before: [state], $state.
MATCH (sprint:Sprint {id: $id})
SET sprint.lock = true
WITH sprint, sprint.state AS was
FOREACH (s IN CASE WHEN was IN $before THEN [sprint] ELSE [] END |
  SET s.state = $state, s.started_at = CASE WHEN $state = 'active' THEN datetime.realtime() ELSE s.started_at END)
RETURN was, COLLECT { MATCH (story:Story)-[:IN_SPRINT]->(sprint) WHERE story.id IS :: STRING NOT NULL RETURN story.id ORDER BY story.id } AS stories
