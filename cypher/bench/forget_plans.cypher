// Has Neo4j make the plans of all statements anew when they are run next, as after a restart.
CALL db.clearQueryCaches() YIELD value
RETURN value
