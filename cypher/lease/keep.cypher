// Whether a lease is still ours, which then holds until the transaction ends, and on for some seconds.
// The first statement of what only its holder may write. $name, $fence, $seconds.
WITH {name: $name, fence: $fence, seconds: $seconds} AS mine
// include: kept
RETURN lease.fence AS fence
