// The shortest way by which a task depends on another, each task of it by its id. $from_id, $to_id.
// Each task is met once, however many ways lead there.
MATCH (from:Task {id: $from_id})
MATCH (to:Task {id: $to_id})
MATCH way = SHORTEST 1 (from)-[:DEPENDS_ON]->+(to)
RETURN [task IN nodes(way) | task.id] AS way
