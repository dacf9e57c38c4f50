// Tells that a story has new tasks. $story_id, $tasks: [task id].
MATCH (story:Story {id: $story_id})
CREATE (:OutboxEvent {
  outbox_id: randomUUID(), outbox_at: datetime.realtime(), outbox_order: 0, item_id: story.id,
  subject: 'planning.task.derived', story_id: story.id, tasks: $tasks
})
RETURN count(*) AS told
