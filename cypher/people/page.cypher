// A page of actors by id. $after: [place, id] or null, $limit.
MATCH (actor:Actor) WHERE $after IS NULL OR actor.id > $after[1]
WITH actor ORDER BY actor.id LIMIT $limit
WITH collect({id: actor.id, place: 0}) AS rows
RETURN rows, COUNT { (:Actor) } AS total
