// Where a story stands in the backlog, null while it has no place of its own. $id.
MATCH (story:Story:Item {id: $id})
RETURN story.rank_key AS key
