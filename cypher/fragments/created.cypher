// In: row, item, state, seconds, author, owner, assignee, now. What a new item has that begins in a state, as if a hop had led there.
FOREACH (of IN CASE WHEN row.external THEN [] ELSE [item] END |
  SET of:Item, of.rework = coalesce(row.own.rework, 0), of.began_in = coalesce(row.own.began_in, state.name),
    of.created_at = coalesce(row.own.created_at, now), of.updated_at = coalesce(row.own.updated_at, now),
    of.entered_at = coalesce(row.own.entered_at, now),
    of.started_at = CASE WHEN state.kind = 'active' THEN coalesce(row.own.started_at, now) ELSE row.own.started_at END,
    of.done_at = CASE WHEN state.kind = 'final' AND coalesce(state.outcome, 'done') = 'done' THEN coalesce(row.own.done_at, now) END
  CREATE (of)-[:IN_STATE]->(state)
)
SET item.due_at = CASE WHEN seconds IS NOT NULL THEN item.entered_at + duration({seconds: seconds}) END
FOREACH (person IN CASE WHEN author IS NULL THEN [] ELSE [author] END | CREATE (item)-[:AUTHORED_BY]->(person))
FOREACH (person IN CASE WHEN owner IS NULL THEN [] ELSE [owner] END | CREATE (item)-[:OWNED_BY]->(person))
FOREACH (person IN CASE WHEN assignee IS NULL THEN [] ELSE [assignee] END | CREATE (item)-[:ASSIGNED_TO]->(person))
WITH *
CALL (item, row) {
  UNWIND row.fired AS did
  MATCH (doer:Actor {id: did.actor_id})
  CREATE (doer)-[:HAS_FIRED {action: did.action, times: did.times, brought: did.times, last_at: did.last_at}]->(item)
}
