// Takes or keeps the lease of a job that one process does for all; `held` says whether it is ours. $name, $holder, $seconds.
MERGE (lease:Lease {name: $name})
SET lease.lock = true
WITH lease, lease.holder IS NULL OR lease.holder = $holder OR lease.until < datetime.realtime() AS held
SET lease.holder = CASE WHEN held THEN $holder ELSE lease.holder END,
  lease.until = CASE WHEN held THEN datetime.realtime() + duration({seconds: $seconds}) ELSE lease.until END
RETURN held
