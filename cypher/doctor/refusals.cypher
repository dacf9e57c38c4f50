// Refusals whose item is gone; one of an item that was unknown then never had any. $limit.
MATCH (refusal:Refusal)
WHERE NOT EXISTS { (refusal)-[:OF]->(:Item) } AND NOT 'UNKNOWN_ITEM' IN coalesce(refusal.codes, [])
  AND NOT 'RULE_BROKEN' IN coalesce(refusal.codes, [])
WITH count(*) AS total, collect(coalesce(refusal.item_id, '?') + ' ' + coalesce(refusal.command_id, '?'))[..$limit] AS names
RETURN total, names
