// The stories, or the tasks, that are to be looked at again now, with the story of which a task may be the next work.
// $level: story or task, $limit.
WITH datetime.realtime() AS now
MATCH (item:Item)
WHERE item.look_at <= now AND item:Story = ($level = 'story') AND item.id IS :: STRING NOT NULL
WITH now, item ORDER BY item.look_at LIMIT $limit
RETURN item.id AS item_id, now, head(COLLECT {
  MATCH (story:Story {released: true})-[:HAS_TASK]->(item)-[:IN_STATE]->(:State {kind: 'initial'})
  RETURN story.id }) AS story_id
