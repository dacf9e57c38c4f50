// Whether a lease is still ours, which then holds until the transaction ends, and on for some seconds.
// The first statement of what only its holder may write. $name, $fence, $seconds.
MATCH (lease:Lease {name: $name})
SET lease.lock = true
WITH lease WHERE lease.fence = $fence
SET lease.until = datetime.realtime() + duration({seconds: $seconds})
RETURN lease.fence AS fence
