// Keeps the place in a stream up to which everything was handled, for when the consumer that knows it is made anew.
// $name, $stream: the stream and when it was made, $position.
MATCH (lease:Lease {name: $name})
SET lease.stream = $stream, lease.position = $position
