// Events that wait to be published, all like one. $count, $event: the properties of that one.
UNWIND range(1, $count) AS n
CREATE (event:OutboxEvent)
SET event = $event, event.outbox_id = randomUUID(), event.outbox_at = datetime.realtime(), event.outbox_order = n
RETURN count(*) AS events
