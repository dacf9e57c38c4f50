// The stories, or the tasks, whose time has run out, the longest ago first, with what their timers fire in the order of the
// rules. $level: story or task, $limit.
MATCH (item:Item)
// What no door can name, or is nowhere, is made by hand, and is not to stand before the others.
WHERE item.due_at <= datetime.realtime() AND item:Story = ($level = 'story')
  AND item.id IS :: STRING NOT NULL AND EXISTS { (item)-[:IN_STATE]->(:State) }
WITH item ORDER BY item.due_at LIMIT $limit
MATCH (item)-[:IN_STATE]->(state:State)
CALL (item, state) {
  CALL (item, state) {
    // include: leaving
  }
  WITH item, t WHERE t.after IS NOT NULL AND coalesce(datetime.realtime().epochMillis - item.entered_at.epochMillis >= 1000 *
    // include: after_seconds
    , false)
  MATCH (t)-[:ON]->(action:Action)
  WITH action.name AS name, min(t.order) AS place ORDER BY place
  RETURN collect(name) AS actions
}
RETURN item.id AS item_id, coalesce(item.version, 0) AS version, actions
