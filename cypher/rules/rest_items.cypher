// What it means that items that were moved rest where they are: whom they wait for, their timers, their stories. $ids.
UNWIND range(0, size($ids) - 1) AS place
MATCH (item:Item {id: $ids[place]})
WITH place, item ORDER BY place
CALL (item, place) {
  WITH item, {seq: place, command_key: null} AS c, [item.id] AS hops
  // include: rest
}
RETURN count(resting) AS resting
