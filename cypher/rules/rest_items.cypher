// What it means that items that were moved rest where they are: whom they wait for, their timers, their stories. $ids.
UNWIND range(0, size($ids) - 1) AS place
MATCH (item:Item {id: $ids[place]})-[:IN_STATE]->(state:State)
OPTIONAL MATCH (story:Story)-[:HAS_TASK]->(item)
WITH place, item, state, story ORDER BY place
CALL (item, state) {
  // include: awaits
}
CALL (item, state) {
  // include: due
}
WITH collect({seq: place, item: item, story: story, state: properties(state), awaited: awaited, due_after: seconds}) AS resting
// include: rest
RETURN told AS resting
