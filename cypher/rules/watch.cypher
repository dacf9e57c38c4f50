// Takes or keeps the lease of the one who looks for edits by hand, and keeps since when all that was found is dealt with.
// $holder, $seconds, $looked: the beginning of the last finished look, or null for one who has not looked yet.
MERGE (lease:Lease {name: 'adoption'})
SET lease.lock = true
WITH lease, lease.holder IS NULL OR lease.holder = $holder OR lease.until < datetime.realtime() AS held
SET lease.holder = CASE WHEN held THEN $holder ELSE lease.holder END,
  lease.until = CASE WHEN held THEN datetime.realtime() + duration({seconds: $seconds}) ELSE lease.until END,
  lease.looked_at = CASE WHEN held THEN coalesce($looked, lease.looked_at) ELSE lease.looked_at END
RETURN held, lease.looked_at AS looked_at
