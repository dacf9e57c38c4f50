// The oldest events that wait to be published, but for those of some items. $limit, $without: the ids of the items.
// The hint keeps a plan that was made while nothing waited from sorting everything when much does.
MATCH (event:OutboxEvent)
USING INDEX event:OutboxEvent(outbox_at)
WHERE event.outbox_at IS NOT NULL AND NOT event.item_id IN $without
WITH event ORDER BY event.outbox_at, event.outbox_order LIMIT $limit
// One row and a number for the time: rows and times one by one cost the reader more than all the rest.
RETURN collect(event {.*, outbox_node: elementId(event), outbox_at: event.outbox_at.epochSeconds * 1000000 + event.outbox_at.microsecond}) AS events
