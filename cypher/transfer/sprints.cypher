// Sprints as rows of a backlog file. $ids.
UNWIND $ids AS id
MATCH (sprint:Sprint {id: id})
RETURN id, properties(sprint) AS own, {} AS beside, [] AS changes
ORDER BY id
