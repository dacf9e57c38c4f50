// Connects new tasks with what they depend on, of what is there. Nothing waits for a new task yet, so it can close no circle
// but with new ones, which is looked at before. $edges: [{id, on}].
UNWIND $edges AS edge
MATCH (task:Task {id: edge.id})
MATCH (on:Task {id: edge.on})
WITH task, on ORDER BY on.id
// Its lock, so that one that closes now either sees that it is waited for, or is closed when we look.
SET on.lock = true
MERGE (task)-[:DEPENDS_ON]->(on)
