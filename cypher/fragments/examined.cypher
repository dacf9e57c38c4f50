// In: item. Out: found, what the graph says of an item, its state and its history. Whatever somebody wrote there by hand may
// be of any type: only numbers are reckoned with.
CALL (item) {
  OPTIONAL MATCH (item)-[:IN_STATE]->(state:State)
  WITH state, EXISTS { (:Workflow {name: item.workflow})-[:HAS_STATE]->(state) } AS is_own,
    state.kind = 'initial' OR EXISTS { (:Workflow)-[:STARTS_AT]->(state) } AS is_initial
  RETURN collect(state.name) AS names, count(state) AS states,
    count(CASE WHEN is_own THEN 1 END) AS own, count(CASE WHEN is_initial THEN 1 END) AS initial
}
CALL (item) {
  OPTIONAL MATCH (change:Change {item_id: item.id})
  USING INDEX change:Change(item_id, seq)
  WHERE change.seq IS NOT NULL
  WITH item, item.began_in AS began_in, change, COLLECT { MATCH (change)-[:PREVIOUS]->(p:Change) RETURN [p.item_id, p.seq] } AS before
  WITH change, change IS NULL OR
    // include: follows
    AS follows, change IS NULL OR coalesce(before = CASE WHEN change.seq = 1 THEN [] WHEN change.seq > 1 THEN [[item.id, change.seq - 1]] END, false) AS linked
  RETURN count(change) AS changes, count(DISTINCT change.seq) AS places, coalesce(max(change.seq), 0) AS last,
    collect(CASE WHEN NOT linked THEN change.seq END)[..5] AS loose, collect(CASE WHEN NOT follows THEN change.seq END)[..5] AS jumps
}
CALL (item) {
  // Who fired what, by the history; a change that no rule made, such as an edit, names no role.
  MATCH (c:Change {item_id: item.id}) USING INDEX c:Change(item_id, seq) WHERE c.seq IS NOT NULL AND c.role IS NOT NULL
  WITH c.actor_id AS actor_id, c.action AS action, count(*) AS times
  WHERE EXISTS { (:Actor {id: actor_id}) }
  WITH actor_id + '\n' + action + '\n' + times AS line ORDER BY line
  RETURN collect(line) AS told
}
WITH item, {
  id: item.id, states: names, alone: states = 1, own: own = states, initial: initial > 0, began_in: item.began_in,
  version: item.version, changes: changes, places: places, last: last, loose: loose, jumps: jumps,
  latest: COLLECT { MATCH (item)-[:LATEST]->(l:Change) RETURN l.seq },
  ended_in: head(COLLECT { MATCH (l:Change {item_id: item.id, seq: last}) USING INDEX l:Change(item_id, seq) RETURN l.to }),
  summed: COLLECT {
    MATCH (actor:Actor)-[fired:HAS_FIRED]->(item)
    // What an import brought without a change is in no history.
    WITH actor, fired, coalesce(CASE WHEN fired.times >= 0 THEN fired.times END, 0)
      - coalesce(CASE WHEN fired.brought >= 0 THEN fired.brought END, 0) AS times WHERE times <> 0 OR fired.brought IS NULL
    RETURN actor.id + '\n' + fired.action + '\n' + times AS line ORDER BY line },
  told: told
} AS found
