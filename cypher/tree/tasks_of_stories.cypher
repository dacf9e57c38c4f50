// The tasks of stories, a page of each, by rank. $pages: [{id, after, limit}].
UNWIND range(0, size($pages) - 1) AS n
WITH n, $pages[n] AS page
CALL (page) {
  MATCH (story:Story {id: page.id})-[:HAS_TASK]->(task:Task)
  USING INDEX SEEK story:Story(id)
  WITH DISTINCT task, CASE WHEN -1e15 < task.rank < 1e15 THEN toFloat(task.rank) ELSE 0.0 END AS place ORDER BY place, task.id
  RETURN collect({id: task.id, place: place}) AS found
}
RETURN n, size(found) AS total, [row IN found
  WHERE page.after IS NULL OR row.place > page.after[0] OR (row.place = page.after[0] AND row.id > page.after[1])][..page.limit] AS rows
ORDER BY n
