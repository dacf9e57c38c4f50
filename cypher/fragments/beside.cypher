// In: item. Entries of a map: what a row of a backlog file says of an item that is no property of it. $history: whether with its changes,
// which say themselves who fired what, but for what was brought without a change.
state: head(COLLECT { MATCH (item)-[:IN_STATE]->(s:State) RETURN s.name ORDER BY s.name }),
author_id: head(COLLECT { MATCH (item)-[:AUTHORED_BY]->(a:Actor) RETURN a.id }),
owner_id: head(COLLECT { MATCH (item)-[:OWNED_BY]->(a:Actor) RETURN a.id }),
assignee_id: head(COLLECT { MATCH (item)-[:ASSIGNED_TO]->(a:Actor) RETURN a.id }),
fired: COLLECT {
  MATCH (a:Actor)-[f:HAS_FIRED]->(item)
  WITH a, f, CASE WHEN $history THEN f.brought ELSE f.times END AS times WHERE times > 0
  RETURN {actor_id: a.id, action: f.action, times: times, last_at: f.last_at} ORDER BY a.id, f.action }
