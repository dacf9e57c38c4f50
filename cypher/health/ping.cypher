// Answers when Neo4j does.
RETURN 1 AS one
