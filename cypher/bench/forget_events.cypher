// Takes waiting events away unpublished, some at a time. $limit.
MATCH (event:OutboxEvent)
WITH event LIMIT $limit
DELETE event
RETURN count(*) AS forgotten
