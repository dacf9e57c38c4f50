// Takes the lease of a job that one process does for all, when nobody else holds it; each taking has a higher fence.
// `held` says whether it is ours now. $name, $holder, $seconds.
MERGE (lease:Lease {name: $name})
SET lease.lock = true
WITH lease, lease.holder IS NULL OR lease.holder = $holder OR lease.until < datetime.realtime() AS held
SET lease.holder = CASE WHEN held THEN $holder ELSE lease.holder END,
  lease.until = CASE WHEN held THEN datetime.realtime() + duration({seconds: $seconds}) ELSE lease.until END,
  lease.fence = coalesce(lease.fence, 0) + CASE WHEN held THEN 1 ELSE 0 END
RETURN held, lease.fence AS fence
