// Epics as rows of a backlog file. $ids.
UNWIND $ids AS id
MATCH (epic:Epic {id: id})
RETURN id, properties(epic) AS own, {author_id: head(COLLECT { MATCH (epic)-[:AUTHORED_BY]->(a:Actor) RETURN a.id })} AS beside, [] AS changes
ORDER BY id
