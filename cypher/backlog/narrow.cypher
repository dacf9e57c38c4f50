// A page of the stories that match a text, are of an epic or in a sprint, or else of those in a few states, in the order of
// the backlog, and how many there are.
// $text: for the full-text index, or null; $key and $after_id: after which; $limit; the others as of backlog/ranked.
CALL () {
  UNWIND [text IN [$text] WHERE text IS NOT NULL] AS words
  CALL db.index.fulltext.queryNodes('item_text', words) YIELD node
  WITH node AS story WHERE story:Story
  RETURN story
UNION
  MATCH (:Epic {id: $epic_id})-[:HAS_STORY]->(story:Story) WHERE $text IS NULL
  RETURN story
UNION
  MATCH (:Sprint {id: $sprint_id})<-[:IN_SPRINT]-(story:Story) WHERE $text IS NULL AND $epic_id IS NULL
  RETURN story
UNION
  UNWIND CASE WHEN $text IS NULL AND $epic_id IS NULL AND $sprint_id IS NULL THEN [1] ELSE [] END AS only
  MATCH (:Workflow {item: 'story'})-[:HAS_STATE]->(s:State)
  WHERE CASE WHEN $state IS NULL THEN coalesce(s.kind, 'active') <> 'final' ELSE s.name = $state END
  MATCH (s)<-[:IN_STATE]-(story:Story)
  RETURN story
}
MATCH (story)-[:IN_STATE]->(state:State)
WHERE
  // include: in_backlog
WITH story.id AS id, story.rank_key AS key, story.created_at AS at
WITH id, coalesce(key, '~' + right('000000000000000' +
  // include: place_by_age
  , 16)) AS place
ORDER BY place, id
WITH collect({id: id, place: place}) AS found
RETURN size(found) AS total, [row IN found WHERE row.place > $key OR row.place = $key AND row.id > $after_id][..$limit] AS rows
