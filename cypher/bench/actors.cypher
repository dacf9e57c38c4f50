// Actors who are only there to be many. $prefix, $start, $end, $roles.
UNWIND range($start, $end - 1) AS n
MATCH (role:Role {name: $roles[n % size($roles)]})
CREATE (actor:Actor {id: $prefix + n, name: $prefix + n, kind: 'agent'})-[:HAS_ROLE]->(role)
RETURN count(*) AS actors
