// A page of actors by id, which is a text unless somebody has drawn them by hand. $after: [place, id] or null, $limit.
MATCH (actor:Actor) WHERE actor.id > coalesce($after[1], '')
WITH actor ORDER BY actor.id LIMIT $limit
WITH collect({id: actor.id, place: 0}) AS rows
RETURN rows, COUNT { (:Actor) } AS total
