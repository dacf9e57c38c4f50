// In: engine, workflow, here (states), actions (names; null: every one), further. Out: rules: what may be asked in these
// states by these names, and if `further` also what can follow from it by itself, in the order of the rules. Read once for
// all commands of a batch, so that judging one of them looks at nothing of the graph but the item and its like.
CALL (engine, workflow, here, actions, further) {
  WITH engine, here, actions, further, workflow, {workflow: workflow.name} AS item,
    COLLECT { MATCH (workflow)-[:HAS_COUPLING]->(k:Coupling)-[:FIRES]->(fired:Action) RETURN {k: k, action: fired.name} } AS couplings
  WITH *, coalesce(actions + [x IN couplings | x.action], []) AS named
  // State by state, as far as rules lead that are asked for or run by themselves.
  WITH *, reduce(seen = {all: here, last: here}, level IN range(1, 24) | CASE WHEN size(seen.last) = 0 OR NOT further THEN seen
    ELSE head([fresh IN [COLLECT {
      UNWIND seen.last AS state
      CALL (item, state) {
        // include: leaving
      }
      WITH t WHERE coalesce(t.automatic, false) = true OR EXISTS { MATCH (t)-[:ON]->(a:Action) WHERE a.name IN named }
      MATCH (t)-[:TO]->(to:State) WHERE NOT to IN seen.all
      RETURN DISTINCT to
    }] | {all: seen.all + fresh, last: fresh}]) END).all AS states
  UNWIND states AS state
  CALL (item, state) {
    // include: leaving
  }
  MATCH (t)-[:ON]->(action:Action)
  WITH engine, item, state AS source, t AS exit, action, [x IN couplings WHERE x.action = action.name | x.k] AS coupled,
    coalesce(t.automatic, false) = true AS automatic, actions IS NULL OR action.name IN actions AS wanted,
    // include: after_seconds
    AS rests
  WITH *, automatic AND exit.after IS NULL AS runs
  WHERE wanted OR runs OR size(coupled) > 0
  WITH *, COLLECT { MATCH (exit)-[:TO]->(to:State) RETURN to } AS targets
  CALL (item, targets) {
    UNWIND targets[..1] AS state
    CALL (item, state) {
      // include: awaits
    }
    CALL (item, state) {
      // include: due
    }
    RETURN head(collect({awaited: awaited, due_after: seconds})) AS rest
  }
  WITH exit, {
    node: exit, t: properties(exit), key: elementId(exit), from: source, action: action.name, automatic: automatic, runs: runs,
    coupled: coupled, by_engine: size(coupled) > 0 AND EXISTS { (engine)-[:HAS_ROLE]->(:Role)-[:MAY_FIRE]->(exit) },
    firing: COLLECT { MATCH (r:Role)-[:MAY_FIRE]->(exit) RETURN r.name ORDER BY r.name },
    needed: COLLECT { MATCH (exit)-[:NEEDS_ROLE]->(r:Role) RETURN r.name },
    apart: COLLECT { MATCH (exit)-[:NOT_SAME_ACTOR_AS]->(before:Action) RETURN before.name ORDER BY before.name },
    inputs: COLLECT { MATCH (exit)-[r:REQUIRES]->(n:Input) RETURN properties(n) ORDER BY r.order },
    guards: COLLECT { MATCH (exit)-[r:GUARDED_BY]->(g:Guard) RETURN properties(g) ORDER BY r.order },
    relations: coalesce(exit.relations, []), kinds: exit.actor_kinds, seconds: rests,
    targets: size(targets), to: targets[0], target: properties(targets[0]), awaited: rest.awaited, due_after: rest.due_after
  } AS rule
  ORDER BY exit.order
  WITH collect(rule) AS found
  WITH found, [rule IN found | rule {.*, next: [next IN found WHERE next.from = rule.to AND (next.runs OR next.by_engine)]}] AS rules
  RETURN [rule IN rules | rule {.*,
    // The hop that follows whatever the item is: it is the first that could, and nothing is asked of it.
    then: [next IN rule.next[..1] WHERE next.runs AND next.targets = 1 AND size(next.guards) = 0 AND size(next.coupled) = 0
      AND coalesce(next.t.claims, false) = false],
    // How many hops can follow by themselves; where it is more than one they are counted no further.
    hops: CASE
      WHEN size(rule.next) = 0 THEN 0
      WHEN NOT any(next IN rule.next WHERE any(last IN found WHERE last.from = next.to AND (last.runs OR last.by_engine))) THEN 1
      ELSE 24
    END}] AS rules
}
