// Forgets events that were published. $events: [{node, id}]: by their place, so that no index of
// their ids need be kept; a place that has been given to another node meanwhile does not have that id.
UNWIND $events AS published
MATCH (event:OutboxEvent)
WHERE elementId(event) = published.node AND event.outbox_id = published.id
DELETE event
