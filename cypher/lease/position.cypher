// The place in a stream up to which everything was handled; no row when none was kept. $name, $stream.
MATCH (lease:Lease {name: $name, stream: $stream})
RETURN lease.position AS position
