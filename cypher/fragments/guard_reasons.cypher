// In: c, item, r (a rule). An expression: the reasons from the guards of the rule; a guard that is neither true nor false
// cannot be evaluated.
COLLECT {
UNWIND r.guards AS g
WITH g,
  CASE g.kind
    WHEN 'field' THEN CASE
      WHEN g.field STARTS WITH 'inputs.' THEN c.inputs[substring(g.field, 7)]
      WHEN g.field = 'dor_score' THEN 100 - reduce(n = 0, part IN
        // include: definition_of_ready
        | n + part.points)
      WHEN g.field = 'children' THEN COUNT { (item)-[:HAS_TASK]->(:Task) }
      WHEN g.field = 'children_in_work' THEN COUNT {
        MATCH (item)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(x:State) WHERE NOT coalesce(x.kind, 'active') IN ['initial', 'final'] }
      WHEN g.field = 'children_without_priority' THEN COUNT { MATCH (item)-[:HAS_TASK]->(x:Task) WHERE x.priority IS NULL }
      WHEN g.field = 'open_dependencies' THEN COUNT {
        MATCH (item)-[:DEPENDS_ON]->(:Task)-[:IN_STATE]->(x:State) WHERE coalesce(x.kind, 'active') <> 'final' }
      WHEN g.field = 'in_open_sprint' THEN EXISTS { MATCH (item)-[:IN_SPRINT]->(x:Sprint) WHERE x.state <> 'closed' }
      WHEN g.field = 'released' THEN
        coalesce(item.released, head(COLLECT { MATCH (x:Story)-[:HAS_TASK]->(item) RETURN x.released }), false)
      WHEN g.field = 'assignee' THEN head(COLLECT { MATCH (item)-[:ASSIGNED_TO]->(x:Actor) RETURN x.id })
      WHEN g.field = 'author' THEN head(COLLECT { MATCH (item)-[:AUTHORED_BY]->(x:Actor) RETURN x.id })
      ELSE item[g.field]
    END
    WHEN 'count' THEN reduce(n = 0, x IN COLLECT {
      MATCH (:Actor)-[f:HAS_FIRED]->(item) WHERE f.action IN g.of RETURN f.times } | n + x)
    // A plug-in has judged the item as it was at one version, and no other.
    WHEN 'plugin' THEN CASE WHEN c.verdicts[g.plugin].version = coalesce(item.version, 0) THEN c.verdicts[g.plugin].holds END
    WHEN 'history' THEN reduce(n = 0, x IN COLLECT {
      MATCH (:Actor)-[f:HAS_FIRED]->(item) WHERE f.action = g.action RETURN f.times } | n + x)
  END AS actual
WITH g, actual,
  CASE
    WHEN g.kind IN ['field', 'count'] THEN CASE g.op
      WHEN '=' THEN actual = g.value
      WHEN '!=' THEN actual <> g.value
      WHEN '<' THEN actual < g.value
      WHEN '<=' THEN actual <= g.value
      WHEN '>' THEN actual > g.value
      WHEN '>=' THEN actual >= g.value
      WHEN 'in' THEN CASE WHEN valueType(g.value) STARTS WITH 'LIST' THEN actual IN g.value END
      WHEN 'exists' THEN (actual IS NOT NULL AND NOT (actual IS :: STRING AND actual = '')) = coalesce(g.value, true)
    END
    // The hop about to be made counts, so that `times_max: 1` on the action itself means once.
    WHEN g.kind = 'history' THEN
      (g.times_max IS NULL OR actual + CASE WHEN g.action = r.action THEN 1 ELSE 0 END <= g.times_max)
      AND (g.times_min IS NULL OR actual >= g.times_min)
    WHEN g.kind = 'plugin' THEN CASE WHEN actual IS :: BOOLEAN THEN actual END
    WHEN g.kind = 'children' THEN
      (g.all_in IS NULL OR NOT EXISTS {
        MATCH (item)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(x:State) WHERE NOT x.name IN g.all_in })
      AND (g.none_in IS NULL OR NOT EXISTS {
        MATCH (item)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(x:State) WHERE x.name IN g.none_in })
      AND (g.all_kind IS NULL OR NOT EXISTS {
        MATCH (item)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(x:State) WHERE NOT coalesce(x.kind, 'active') IN g.all_kind })
      AND (g.all_fired IS NULL OR NOT EXISTS {
        MATCH (item)-[:HAS_TASK]->(y:Task)-[:IN_STATE]->(x:State)
        WHERE (g.within IS NULL OR x.name IN g.within)
          AND NOT EXISTS { MATCH (:Actor)-[f:HAS_FIRED]->(y) WHERE f.action IN g.all_fired } })
      AND (g.min IS NULL OR g.min <= COUNT {
        MATCH (item)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(x:State) WHERE g.within IS NULL OR x.name IN g.within })
  END AS holds
WITH g, actual, holds WHERE coalesce(NOT holds, true)
RETURN {
  code: CASE
    WHEN holds IS NULL THEN 'INDETERMINATE'
    WHEN g.kind = 'count' AND g.op IN ['<', '<='] THEN 'LIMIT_REACHED'
    WHEN g.kind = 'history' THEN 'LIMIT_REACHED'
    ELSE 'GUARD_FAILED'
  END, guard: g.name, kind: g.kind, actual: CASE WHEN g.kind <> 'plugin' THEN actual END, field: g.field,
  missing: CASE WHEN g.kind = 'field' AND g.field = 'dor_score' AND g.op IN ['>', '>='] THEN [part IN
    // include: definition_of_ready
    | part.name] END,
  plugin: CASE WHEN g.kind = 'plugin' AND holds IS NULL AND coalesce(c.verdicts[g.plugin].version <> coalesce(item.version, 0), true) THEN g.plugin END
}
}
