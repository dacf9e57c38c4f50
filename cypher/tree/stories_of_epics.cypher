// The stories of epics, a page of each, the oldest first. $pages: [{id, after, limit}].
UNWIND range(0, size($pages) - 1) AS n
WITH n, $pages[n] AS page
CALL (page) {
  MATCH (:Epic {id: page.id})-[:HAS_STORY]->(story:Story)
  WITH DISTINCT story, story.created_at AS at
  WITH story,
    // include: place_by_age
    AS place
  ORDER BY place, story.id
  RETURN collect({id: story.id, place: place}) AS found
}
RETURN n, size(found) AS total, [row IN found
  WHERE page.after IS NULL OR row.place > page.after[0] OR (row.place = page.after[0] AND row.id > page.after[1])][..page.limit] AS rows
ORDER BY n
