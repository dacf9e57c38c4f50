// In: story. An expression: the rank of the last of its tasks, -1 without any; what a hand has made no number does not count.
coalesce(head(COLLECT {
  MATCH (story)-[:HAS_TASK]->(sibling:Task) WHERE -1e15 < sibling.rank < 1e15
  RETURN sibling.rank ORDER BY sibling.rank DESC LIMIT 1 }), -1)
