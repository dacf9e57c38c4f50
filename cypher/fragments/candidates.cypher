// In: c, engine, item, actor, roles, step, state. Out: candidates, in the order of the rules: every transition that could
// be meant, with all that stands against it. Step 0 is what is asked for, by its name; later ones are automatic.
// What only a refusal tells is looked up where there is one: most commands are applied.
CALL (item, state) {
  // include: leaving
}
MATCH (t)-[:ON]->(action:Action)
WHERE (step > 0 OR action.name = c.action)
CALL (item, action) {
  MATCH (:Workflow {name: item.workflow})-[:HAS_COUPLING]->(k:Coupling)-[:FIRES]->(action)
  // include: coupling_met
  RETURN collect({name: k.name, met: met, sprint: k.sprint}) AS couplings
}
WITH c, engine, item, actor, roles, step, state, t, action, couplings
WHERE CASE
  WHEN step > 0 THEN (coalesce(t.automatic, false) = true AND t.after IS NULL)
    OR (any(k IN couplings WHERE k.met) AND EXISTS { (engine)-[:HAS_ROLE]->(:Role)-[:MAY_FIRE]->(t) })
  WHEN c.timer THEN coalesce(datetime.realtime().epochMillis - item.entered_at.epochMillis >= 1000 *
    // include: after_seconds
    , false)
  ELSE true
END
CALL (c, item, t) {
  // include: input_reasons
}
CALL (c, item, t, action) {
  // include: guard_reasons
}
WITH c, item, actor, roles, step, state, t, action, couplings, inputs_wrong, guards_failed,
  step > 0 OR c.anyone OR coalesce(c.timer, false) AS free, COUNT { (t)-[:TO]->(:State) } AS targets
WITH *,
  CASE WHEN free AND step > 0 THEN [] ELSE COLLECT { MATCH (r:Role)-[:MAY_FIRE]->(t) WHERE r.name IN roles RETURN r.name ORDER BY r.name } END AS firing,
  CASE WHEN free THEN [] ELSE COLLECT { MATCH (t)-[:NEEDS_ROLE]->(r:Role) RETURN r.name } END AS needed,
  CASE WHEN free THEN [] ELSE coalesce(t.relations, []) END AS relations
WITH *,
  CASE WHEN targets <> 1 THEN [{code: 'RULE_BROKEN', broken: 'target'}] ELSE [] END AS broken,
  CASE
    WHEN free THEN []
    WHEN size(firing) = 0 AND EXISTS { (:Role)-[:MAY_FIRE]->(t) } THEN [{code: 'ROLE_NOT_ALLOWED', roles:
      CASE WHEN all(r IN needed WHERE r IN roles)
        THEN COLLECT { MATCH (r:Role)-[:MAY_FIRE]->(t) WHERE r.name <> 'system' RETURN r.name ORDER BY r.name } END}]
    WHEN any(r IN needed WHERE NOT r IN roles) THEN [{code: 'ROLE_NOT_ALLOWED', roles:
      CASE WHEN size([r IN needed WHERE NOT r IN roles]) = 1 THEN [r IN needed WHERE NOT r IN roles] END}]
    WHEN size(firing) = 0 AND size(needed) = 0 AND size(relations) = 0 THEN [{code: 'ROLE_NOT_ALLOWED'}]
    WHEN t.actor_kinds IS NOT NULL AND NOT actor.kind IN t.actor_kinds
      THEN [{code: 'ROLE_NOT_ALLOWED', kinds: t.actor_kinds}]
    ELSE []
  END AS not_allowed,
  CASE WHEN size(relations) = 0 OR any(relation IN relations WHERE
    // include: relation
    )
    THEN [] ELSE [{code: 'RELATION_NOT_MET', relations: relations}] END AS not_related,
  CASE WHEN free THEN [] ELSE
    [x IN COLLECT {
      MATCH (t)-[:NOT_SAME_ACTOR_AS]->(before:Action)
      MATCH (actor)-[fired:HAS_FIRED]->(item) WHERE fired.action = before.name
      RETURN before.name ORDER BY before.name
    } | {code: 'SAME_ACTOR', action: x}]
  END AS same_actor
WITH state, t, action, firing, size(not_allowed) = 0 AND size(not_related) = 0 AS permitted,
  not_allowed + not_related + same_actor
  + CASE WHEN step = 0 AND NOT coalesce(c.assume_inputs, false) THEN inputs_wrong ELSE [] END
  + [k IN couplings WHERE NOT k.met AND k.sprint IS NULL | {code: 'GUARD_FAILED', guard: k.name}] + guards_failed + broken AS reasons
ORDER BY t.order
RETURN collect({
  t: t, action: action.name, role: head(firing), permitted: permitted, key: elementId(t), reasons: reasons,
  rule: CASE WHEN size(reasons) > 0 THEN coalesce(state.name, '?') + ' -[' + action.name + ']-> '
    + coalesce(head(COLLECT { MATCH (t)-[:TO]->(to:State) RETURN to.name }), '?') END
}) AS candidates
