// Where a story stands in the backlog, null while it has no place of its own, and who stands there, itself too, in their
// order. $id.
MATCH (story:Story:Item {id: $id})
RETURN story.rank_key AS key, COLLECT { MATCH (twin:Story {rank_key: story.rank_key}) RETURN twin.id ORDER BY twin.id } AS twins
