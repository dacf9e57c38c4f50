// Connects new tasks with what they depend on, but never into a circle. $edges: [{id, on}].
UNWIND $edges AS edge
MATCH (task:Task {id: edge.id})
MATCH (on:Task {id: edge.on})
CALL (task, on) {
  WITH task, on WHERE task <> on AND NOT EXISTS { (on)-[:DEPENDS_ON*1..50]->(task) }
  MERGE (task)-[:DEPENDS_ON]->(on)
}
