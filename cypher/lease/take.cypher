// Takes the lease of a job that one process does for all, when nobody else holds it; each taking has a higher fence.
// `held` says whether it is ours now. One without a time that can be compared, by hand, has run out. $name, $holder, $seconds.
// Who had to wait for its lock for more than $patience seconds takes none that has run out: a transaction of the holder was
// open that long, so the holder is at work, and says so next when it could not save what it did.
WITH datetime.realtime() AS asked
MERGE (lease:Lease {name: $name})
SET lease.lock = true
WITH lease, asked, datetime.realtime() AS now
WITH
  lease,
  now,
  lease.holder IS NULL OR lease.holder = $holder
  OR coalesce(lease.until < now, true) AND now < asked + duration({seconds: $patience}) AS held
SET lease.holder = CASE WHEN held THEN $holder ELSE lease.holder END,
  lease.until = CASE WHEN held THEN now + duration({seconds: $seconds}) ELSE lease.until END,
  lease.fence = coalesce(lease.fence, 0) + CASE WHEN held THEN 1 ELSE 0 END
RETURN held, lease.fence AS fence
