// In: item, k (a Coupling). An expression: the condition under which the children, or the sprint, move their parent.
(k.sprint IS NULL OR EXISTS { (item)-[:IN_SPRINT]->(:Sprint {state: 'closed'}) })
AND (k.open IS NULL OR k.open = COUNT { MATCH (item)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(x:State) WHERE coalesce(x.kind, 'active') <> 'final' })
AND (k.open_max IS NULL OR k.open_max >= COUNT { MATCH (item)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(x:State) WHERE coalesce(x.kind, 'active') <> 'final' })
AND (k.started_min IS NULL OR k.started_min <= COUNT { MATCH (item)-[:HAS_TASK]->(x:Task) WHERE x.started_at IS NOT NULL })
AND (k.done_min IS NULL OR k.done_min <= COUNT { MATCH (item)-[:HAS_TASK]->(x:Task) WHERE x.done_at IS NOT NULL })
AND (k.done_since IS NULL OR EXISTS {
  MATCH (item)-[:HAS_TASK]->(x:Task) WHERE x.done_at IS NOT NULL
    AND NOT EXISTS { MATCH (:Actor)-[f:HAS_FIRED]->(item) WHERE f.action IN k.done_since AND f.last_at > x.done_at }
})
