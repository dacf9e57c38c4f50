// How many events and effects there are, from the counts that Neo4j keeps anyway.
RETURN COUNT { (:OutboxEvent) } AS events, COUNT { (:Effect) } AS effects
