// What it means that items that were moved rest where they are: whom they wait for, their timers, their stories. $ids.
UNWIND range(0, size($ids) - 1) AS seq
MATCH (item:Item {id: $ids[seq]})-[:IN_STATE]->(state:State)
USING INDEX SEEK item:Item(id)
OPTIONAL MATCH (story:Story)-[:HAS_TASK]->(item)
WITH seq, item, state, story ORDER BY seq
CALL (item, state) {
  // include: awaits
}
CALL (item, state) {
  // include: due
}
WITH datetime.realtime() AS told_at, collect({seq: seq, item: item, story: story, state: properties(state), awaited: awaited, due_after: seconds, first: null}) AS resting
// include: rest
RETURN told AS resting
