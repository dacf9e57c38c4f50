// How many actors hold each role.
MATCH (role:Role)
RETURN role.name AS role, COUNT { (:Actor)-[:HAS_ROLE]->(role) } AS actors
