// In: actor, flows (workflows). An expression: whether who asks may change items of one of them by hand: without an actor the operator
// asks; where nobody was ever named who may, anybody may.
($actor_id IS NULL OR NOT any(flow IN flows WHERE coalesce(flow.restricted, false) OR EXISTS { (:Role)-[:MAY_EDIT]->(flow) }) OR any(flow IN flows WHERE
  EXISTS { (:Role {name: '*'})-[:MAY_EDIT]->(flow) } OR EXISTS {
    MATCH (actor)-[:HAS_ROLE]->(:Role)-[up:INHERITS*0..8]->(r:Role)
    WHERE all(edge IN up WHERE coalesce(edge.workflow, flow.name) = flow.name)
      AND (r.administers = true OR EXISTS { (r)-[:MAY_EDIT]->(flow) })
  }))
