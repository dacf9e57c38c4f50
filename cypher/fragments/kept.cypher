// In: mine, {name, fence, seconds}. Out: lease, if it is still ours, which then holds until the transaction ends, and on for
// some seconds; no row when it is lost.
MATCH (lease:Lease {name: mine.name})
SET lease.lock = true
WITH lease, mine WHERE lease.fence = mine.fence
SET lease.until = datetime.realtime() + duration({seconds: mine.seconds})
