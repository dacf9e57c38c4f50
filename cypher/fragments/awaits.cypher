// In: item, state. Out: awaited, [{role, actions}] in the order of the rules: whom the state waits for and what
// they may do there. Actions from anywhere (FROM_ANY) make nobody awaited, but are listed for those who are.
CALL (state) {
  WITH state WHERE valueType(state.awaits) STARTS WITH 'LIST'
  UNWIND range(0, size(state.awaits) - 1) AS place
  RETURN state.awaits[place] AS role, place, 0 AS second
UNION
  WITH state WHERE NOT valueType(state.awaits) STARTS WITH 'LIST'
  MATCH (state)<-[:FROM]-(t:Transition)
  WHERE coalesce(t.automatic, false) <> true
  MATCH (r:Role)-[:MAY_FIRE]->(t)
  WITH r.name AS role, t, CASE WHEN valueType(t.any_role) STARTS WITH 'LIST'
    THEN reduce(n = 0, i IN range(0, size(t.any_role) - 1) | n + CASE WHEN t.any_role[i] = r.name THEN i ELSE 0 END) ELSE 0 END AS second
  ORDER BY t.order, second
  RETURN role, head(collect(t.order)) AS place, head(collect(second)) AS second
}
WITH item, state, role, place, second ORDER BY place, second, role
CALL (item, state, role) {
  CALL (item, state) {
    // include: leaving
  }
  WITH t, role WHERE coalesce(t.automatic, false) <> true
    AND (EXISTS { (:Role {name: role})-[:MAY_FIRE]->(t) } OR EXISTS { (:Role {name: '*'})-[:MAY_FIRE]->(t) }
      OR EXISTS { (t)-[:NEEDS_ROLE]->(:Role {name: role}) })
  MATCH (t)-[:ON]->(a:Action)
  WITH a.name AS name, min(t.order) AS position ORDER BY position
  RETURN collect(name) AS actions
}
RETURN collect({role: role, actions: actions}) AS awaited
