// The oldest events that wait to be published, but for those of some items, and those that stand at some places. $limit,
// $but: {items: [id], nodes: [place]}; both in a map, because Neo4j makes another plan for each length of a list.
// One that was edited by hand so that it cannot be published is left to the doctor.
// The hint keeps a plan that was made while nothing waited from sorting everything when much does.
// What is written while we look is left for the next look, for of two events of an item we might find the second alone.
WITH datetime.realtime() AS now
MATCH (event:OutboxEvent)
USING INDEX event:OutboxEvent(outbox_at)
WHERE
  // include: publishable
  AND NOT elementId(event) IN $but.nodes AND NOT toStringOrNull(event.item_id) IN $but.items
  AND NOT now < event.outbox_at < now + duration({seconds: 10})
WITH event ORDER BY event.outbox_at, event.outbox_order LIMIT $limit
// One row and a number for the time: rows and times one by one cost the reader more than all the rest.
RETURN collect(event {.*, outbox_node: elementId(event), outbox_at: event.outbox_at.epochSeconds * 1000000 + event.outbox_at.microsecond}) AS events
