// Whether a story, whose lock is held, is in a state in which it takes no tasks. $id.
MATCH (story:Story {id: $id})
RETURN EXISTS { (story)-[:IN_STATE]->(:State {kind: 'final'}) } AS is_closed
