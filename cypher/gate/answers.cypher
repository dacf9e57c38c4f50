// The answers given before to commands. $keys: [command key].
UNWIND $keys AS key
OPTIONAL MATCH (first:Change {command_key: key})
OPTIONAL MATCH (refusal:Refusal {command_key: key})
RETURN key, coalesce(first.fingerprint, refusal.fingerprint) AS fingerprint, first.awaits AS awaits, refusal {.version, .reasons, .legal_actions, .remedies} AS refusal,
  COLLECT {
    MATCH (change:Change {item_id: first.item_id})
    WHERE change.seq >= first.seq AND change.seq < first.seq + 25 AND change.command_id = first.command_id
    WITH change ORDER BY change.seq
    RETURN change {.action, .from, .to, .automatic, version: change.seq}
  } AS hops
