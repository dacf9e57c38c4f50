// A story with its tasks, or any one item, with the version each is at. $id, $story: whether it is to be a story.
CALL () {
  MATCH (item:Item {id: $id})
  USING INDEX SEEK item:Item(id)
  WHERE NOT $story
  RETURN item
UNION
  MATCH (item:Story {id: $id})
  USING INDEX SEEK item:Story(id)
  RETURN item
UNION
  MATCH (story:Story {id: $id})-[:HAS_TASK]->(item:Task)
  USING INDEX SEEK story:Story(id)
  WHERE $story
  RETURN item
}
RETURN item.id AS id, coalesce(item.version, 0) AS version
