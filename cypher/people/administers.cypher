// Which of these actors hold a role that administers, and so may hear of roles to grant. $ids.
MATCH (actor:Actor)-[:HAS_ROLE]->(:Role {administers: true})
WHERE actor.id IN $ids
RETURN DISTINCT actor.id AS id
