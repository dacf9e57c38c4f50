// Which of these items could move by themselves now: an exit of their state runs by itself, or a coupling that fires it is met.
// Their guards are not looked at. $ids: [item id].
UNWIND $ids AS id
MATCH (item:Item {id: id})-[:IN_STATE]->(state:State)
USING INDEX SEEK item:Item(id)
WHERE EXISTS {
  CALL (item, state) {
    // include: leaving
  }
  WITH item, t WHERE coalesce(t.automatic, false) = true AND t.after IS NULL OR EXISTS {
    MATCH (t)-[:ON]->(:Action)<-[:FIRES]-(k:Coupling)<-[:HAS_COUPLING]-(:Workflow {name: item.workflow})
    WHERE
      // include: coupling_met
  }
  RETURN t
}
RETURN DISTINCT item.id AS id
