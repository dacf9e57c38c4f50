// Forgets which command made changes that are older than some days, a batch at a time; the changes stay. $days, $limit.
MATCH (change:Change)
WHERE change.answered_at < datetime.realtime() - duration({days: $days})
WITH change LIMIT $limit
REMOVE change.command_key, change.fingerprint, change.awaits, change.answered_at
RETURN count(*) AS forgotten
