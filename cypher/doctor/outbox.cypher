// Events that cannot be published, or were not within $seconds. $limit.
MATCH (event:OutboxEvent)
WITH event.outbox_id AS id, collect(event) AS same
UNWIND same AS event
WITH event, CASE
  WHEN event.outbox_id IS NULL OR event.outbox_at IS NULL OR event.subject IS NULL OR event.item_id IS NULL
    THEN 'lacks one of outbox_id, outbox_at, subject, item_id'
  WHEN NOT coalesce(
    // include: publishable
    , false)
    THEN 'has an outbox_id that is no text or a very long one, or an outbox_at that is no time with its zone in the years 1 to 9999'
  WHEN event <> same[0] THEN 'has the id of another event, so that the bus keeps one of them only'
  WHEN event.outbox_at < datetime.realtime() - duration({seconds: $seconds}) THEN 'waits since ' + toString(event.outbox_at)
END AS problem
WHERE problem IS NOT NULL
WITH event, problem ORDER BY event.outbox_at
WITH count(*) AS total, collect({name: coalesce(toStringOrNull(event.outbox_id), elementId(event)) + ' ' + coalesce(toStringOrNull(event.subject), '?'), problem: problem})[..$limit] AS offenders
RETURN total, offenders
