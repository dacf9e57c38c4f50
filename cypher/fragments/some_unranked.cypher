// Goes on when some story in a state has no place in the backlog: as many as have one are not all there are. Neo4j keeps both numbers.
CALL () {
  MATCH (:Story)-[here:IN_STATE]->() RETURN count(here) AS stories
}
CALL () {
  MATCH (:Ranked)-[here:IN_STATE]->() RETURN count(here) AS ranked
}
// No WHERE, which Neo4j would ask of each story.
UNWIND CASE WHEN stories <> ranked THEN [1] ELSE [] END AS some
