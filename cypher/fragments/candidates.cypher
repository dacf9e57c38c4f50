// In: c, item, actor, roles, state, step, rules. Out: candidates, in the order of the rules: every one that could be meant,
// with all that stands against it. Step 0 is what is asked for, by its name; later ones are automatic.
UNWIND [r IN rules WHERE r.from = state AND CASE WHEN step > 0 THEN r.runs OR r.by_engine ELSE r.action = c.action END] AS r
WITH c, item, actor, roles, step, r, step > 0 OR c.anyone OR coalesce(c.timer, false) AS free, [k IN r.coupled | {name: k.name, sprint: k.sprint, met:
  // include: coupling_met
}] AS couplings
WHERE CASE
  WHEN step > 0 THEN r.runs OR r.by_engine AND any(k IN couplings WHERE k.met)
  WHEN c.timer THEN coalesce(datetime.realtime().epochMillis - item.entered_at.epochMillis >= 1000 * r.seconds, false)
  ELSE true
END
WITH *, [role IN r.firing WHERE role IN roles] AS firing
WITH *,
  CASE
    WHEN free THEN []
    WHEN size(firing) = 0 AND size(r.firing) > 0 THEN [{code: 'ROLE_NOT_ALLOWED', roles:
      CASE WHEN all(role IN r.needed WHERE role IN roles) THEN [role IN r.firing WHERE role <> 'system'] END}]
    WHEN any(role IN r.needed WHERE NOT role IN roles) THEN [{code: 'ROLE_NOT_ALLOWED', roles:
      CASE WHEN size([role IN r.needed WHERE NOT role IN roles]) = 1 THEN [role IN r.needed WHERE NOT role IN roles] END}]
    WHEN size(firing) = 0 AND size(r.needed) = 0 AND size(r.relations) = 0 THEN [{code: 'ROLE_NOT_ALLOWED'}]
    WHEN r.kinds IS NOT NULL AND NOT coalesce(actor.kind, '') IN r.kinds THEN [{code: 'ROLE_NOT_ALLOWED', kinds: r.kinds}]
    ELSE []
  END
  + CASE WHEN free OR size(r.relations) = 0 OR any(relation IN r.relations WHERE
    // include: relation
    )
    THEN [] ELSE [{code: 'RELATION_NOT_MET', relations: r.relations}] END AS not_permitted
WITH r, firing, size(not_permitted) = 0 AS permitted, not_permitted
  + CASE WHEN free THEN [] ELSE [before IN r.apart WHERE EXISTS {
      MATCH (actor)-[fired:HAS_FIRED]->(item) WHERE fired.action = before } | {code: 'SAME_ACTOR', action: before}] END
  + CASE WHEN step > 0 OR c.assume_inputs OR size(r.inputs) = 0 THEN [] ELSE
    // include: input_reasons
    END
  + [k IN couplings WHERE NOT k.met AND k.sprint IS NULL | {code: 'GUARD_FAILED', guard: k.name}]
  + CASE WHEN size(r.guards) = 0 THEN [] ELSE
    // include: guard_reasons
    END
  + CASE WHEN r.targets <> 1 THEN [{code: 'RULE_BROKEN', broken: 'target'}] ELSE [] END AS reasons
RETURN collect({
  r: r, role: head(firing), permitted: permitted, reasons: reasons,
  rule: CASE WHEN size(reasons) > 0 THEN coalesce(r.from.name, '?') + ' -[' + r.action + ']-> ' + coalesce(r.target.name, '?') END
}) AS candidates
