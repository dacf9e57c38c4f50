// A page of the stories that have no place yet, the oldest first. $key and $after_id: after which; $limit; the others as of backlog/ranked.
// include: some_unranked
MATCH (story:Story:Item) WHERE story.rank_key IS NULL
MATCH (story)-[:IN_STATE]->(state:State)
WHERE
  // include: in_backlog
WITH story, story.created_at AS at
WITH story, '~' + right('000000000000000' +
  // include: place_by_age
  , 16) AS place
WHERE place > $key OR place = $key AND story.id > $after_id
RETURN story.id AS id, place ORDER BY place, id LIMIT $limit
