// The key after a key, whoever has it but one story. $key, $id.
MATCH (story:Story)
USING INDEX story:Story(rank_key)
WHERE story.rank_key > $key AND story.id <> $id
RETURN story.rank_key AS key ORDER BY story.rank_key LIMIT 1
