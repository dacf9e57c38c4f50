// Gives stories that have one key new ones, as far as they have it still. $key, $rows: [{id, key}], in the order of ids.
UNWIND $rows AS row
MATCH (story:Story {id: row.id})
SET story.lock = true
WITH story, row WHERE story.rank_key = $key
SET story.rank_key = row.key
