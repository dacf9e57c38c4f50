// Takes such actors away again, some at a time. $prefix, $limit.
MATCH (actor:Actor)
WHERE actor.id STARTS WITH $prefix
WITH actor LIMIT $limit
DETACH DELETE actor
RETURN count(*) AS forgotten
