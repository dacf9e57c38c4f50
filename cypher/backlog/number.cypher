// Gives places to stories that have none, the oldest first, behind all that have one. $limit.
// include: some_unranked
MATCH (story:Story:Item) WHERE story.rank_key IS NULL OR NOT story:Ranked
WITH story.id AS id, story.created_at AS at
WITH id,
  // include: place_by_age
  AS place
ORDER BY place, id LIMIT $limit
WITH collect(id) AS ids
CALL (ids) {
  UNWIND ids AS id
  WITH id ORDER BY id
  MATCH (story:Story {id: id})
  SET story.lock = true
  RETURN count(*) AS held
}
WITH ids, held, datetime.realtime() AS now
UNWIND range(0, size(ids) - 1) AS place
MATCH (story:Story {id: ids[place]})
SET story:Ranked, story.rank_key = coalesce(story.rank_key, toString(now.epochMillis * 1000) + right('00000' + place, 6) + '1')
RETURN count(*) AS numbered
