// Forgets events that were published. $ids.
UNWIND $ids AS id
MATCH (event:OutboxEvent {outbox_id: id})
DELETE event
