// Gives a lease back, so that another takes it at once. $name, $fence.
MATCH (lease:Lease {name: $name})
SET lease.lock = true
WITH lease WHERE lease.fence = $fence
REMOVE lease.holder, lease.until
