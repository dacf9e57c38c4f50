// In: c, engine, item, actor, roles, step, state. Out: candidates, in the order of the rules: every transition that could
// be meant, with all that stands against it. Step 0 is what is asked for, by its name; later ones are automatic.
CALL (item, state) {
  // include: leaving
}
MATCH (t)-[:ON]->(action:Action)
WHERE (step > 0 OR action.name = c.action)
CALL (item, action) {
  OPTIONAL MATCH (:Workflow {name: item.workflow})-[:HAS_COUPLING]->(k:Coupling)-[:FIRES]->(action)
  // include: coupling_met
  RETURN collect(CASE WHEN k IS NULL THEN null ELSE {name: k.name, met: met, sprint: k.sprint} END) AS couplings
}
WITH c, engine, item, actor, roles, step, state, t, action, couplings,
  any(k IN couplings WHERE k.met) AND EXISTS { (engine)-[:HAS_ROLE]->(:Role)-[:MAY_FIRE]->(t) } AS coupled
WHERE CASE
  WHEN step > 0 THEN (coalesce(t.automatic, false) = true AND t.after IS NULL) OR coupled
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
  COLLECT { MATCH (r:Role)-[:MAY_FIRE]->(t) WHERE r.name IN roles RETURN r.name ORDER BY r.name } AS firing,
  COLLECT { MATCH (r:Role)-[:MAY_FIRE]->(t) WHERE r.name <> 'system' RETURN r.name ORDER BY r.name } AS may_fire,
  EXISTS { (:Role)-[:MAY_FIRE]->(t) } AS by_role,
  COLLECT { MATCH (t)-[:NEEDS_ROLE]->(r:Role) RETURN r.name } AS needed,
  coalesce(t.relations, []) AS relations,
  COUNT { (t)-[:TO]->(:State) } AS targets
WITH *, step > 0 OR c.anyone OR coalesce(c.timer, false) AS free
WITH *,
  CASE WHEN targets <> 1 THEN [{code: 'RULE_BROKEN', broken: 'target'}] ELSE [] END AS broken,
  CASE
    WHEN free THEN []
    WHEN by_role AND size(firing) = 0 THEN [{code: 'ROLE_NOT_ALLOWED', roles: CASE WHEN all(r IN needed WHERE r IN roles) THEN may_fire END}]
    WHEN any(r IN needed WHERE NOT r IN roles) THEN [{code: 'ROLE_NOT_ALLOWED', roles:
      CASE WHEN size([r IN needed WHERE NOT r IN roles]) = 1 THEN [r IN needed WHERE NOT r IN roles] END}]
    WHEN NOT by_role AND size(needed) = 0 AND size(relations) = 0 THEN [{code: 'ROLE_NOT_ALLOWED'}]
    WHEN t.actor_kinds IS NOT NULL AND NOT actor.kind IN t.actor_kinds
      THEN [{code: 'ROLE_NOT_ALLOWED', kinds: t.actor_kinds}]
    ELSE []
  END AS not_allowed,
  CASE WHEN free OR size(relations) = 0 OR any(relation IN relations WHERE
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
WITH state, t, action, firing, [k IN couplings WHERE NOT k.met AND k.sprint IS NULL | {code: 'GUARD_FAILED', guard: k.name}] AS uncoupled,
  broken, not_allowed, not_related, same_actor, inputs_wrong, guards_failed, step
ORDER BY t.order
RETURN collect({
  t: t, action: action.name, role: head(firing), permitted: size(not_allowed) = 0, key: elementId(t),
  rule: coalesce(state.name, '?') + ' -[' + action.name + ']-> '
    + coalesce(head(COLLECT { MATCH (t)-[:TO]->(to:State) RETURN to.name }), '?'),
  reasons: not_allowed + not_related + same_actor
    + CASE WHEN step = 0 AND NOT coalesce(c.assume_inputs, false) THEN inputs_wrong ELSE [] END + uncoupled + guards_failed + broken
}) AS candidates
