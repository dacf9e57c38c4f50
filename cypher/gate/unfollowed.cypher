// Items that are still at a version, in a state out of which plug-ins let them go by themselves: $rested: [{id, version}].
UNWIND $rested AS one
MATCH (item:Item {id: one.id})-[:IN_STATE]->(state:State)
USING INDEX SEEK item:Item(id)
WHERE item.version = one.version
CALL (item, state) {
  // include: leaving
}
WITH item, t WHERE t.automatic = true AND t.after IS NULL
MATCH (t)-[:GUARDED_BY]->(g:Guard {kind: 'plugin'})
RETURN item.id AS id, collect(DISTINCT g.plugin) AS plugins
