// In: actor, item. An expression: the names of the actor's roles, inherited ones too as the item's workflow says.
COLLECT {
  MATCH (actor)-[:HAS_ROLE]->(:Role)-[up:INHERITS*0..8]->(r:Role)
  WHERE all(edge IN up WHERE coalesce(edge.workflow, item.workflow) = item.workflow)
  RETURN DISTINCT r.name ORDER BY r.name }
