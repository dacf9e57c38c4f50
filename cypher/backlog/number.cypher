// Gives places to stories that have none, the oldest first, behind all that have one. $limit.
MATCH (story:Story:Item) WHERE story.rank_key IS NULL
WITH story.id AS id ORDER BY coalesce(story.created_at.epochMillis, 0), id LIMIT $limit
WITH collect(id) AS ids
WITH ids, datetime.realtime() AS now
UNWIND range(0, size(ids) - 1) AS place
MATCH (story:Story {id: ids[place]})
SET story.lock = true
WITH story, place, now WHERE story.rank_key IS NULL
SET story.rank_key = toString(now.epochMillis * 1000) + right('00000' + place, 6) + '1'
RETURN count(*) AS numbered
