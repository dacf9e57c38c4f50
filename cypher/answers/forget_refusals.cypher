// Forgets refusals that are older than some days, a batch at a time. $days, $limit.
MATCH (refusal:Refusal)
WHERE refusal.at < datetime.realtime() - duration({days: $days})
WITH refusal LIMIT $limit
DETACH DELETE refusal
RETURN count(*) AS forgotten
