// In: event. An expression: whether it has an id that the bus takes, and a time with its zone in the years that Python has;
// null counts as false.
event.outbox_id IS :: STRING NOT NULL AND size(toStringOrNull(event.outbox_id)) < 200 AND datetime('0001-01-02T00:00Z') < event.outbox_at < datetime('9999-12-31T00:00Z')
