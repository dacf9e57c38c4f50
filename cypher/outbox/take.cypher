// The oldest events that wait to be published. $limit.
MATCH (event:OutboxEvent) WHERE event.outbox_at IS NOT NULL
RETURN properties(event) AS event ORDER BY event.outbox_at, event.outbox_order LIMIT $limit
