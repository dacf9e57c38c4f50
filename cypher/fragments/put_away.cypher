// In: story. An expression: whether a story was put away, and takes no tasks: given up, or archived by hand once it was done.
EXISTS { MATCH (story)-[:IN_STATE]->(s:State {kind: 'final'}) WHERE s.outcome = 'cancelled' OR story.archived_at IS NOT NULL }
