// How many stories there are of those asked for: as of backlog/ranked.
MATCH (story:Story)-[:IN_STATE]->(state:State)
WHERE
  // include: in_backlog
RETURN count(*) AS total
