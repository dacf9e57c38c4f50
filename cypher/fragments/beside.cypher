// In: item. Entries of a map: what a row of a backlog file says of an item that is no property of it.
state: head(COLLECT { MATCH (item)-[:IN_STATE]->(s:State) RETURN s.name ORDER BY s.name }),
author_id: head(COLLECT { MATCH (item)-[:AUTHORED_BY]->(a:Actor) RETURN a.id }),
owner_id: head(COLLECT { MATCH (item)-[:OWNED_BY]->(a:Actor) RETURN a.id }),
assignee_id: head(COLLECT { MATCH (item)-[:ASSIGNED_TO]->(a:Actor) RETURN a.id })
