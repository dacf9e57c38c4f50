// Whether taking a lease could succeed; asked by those who stand by, who would else take its lock. $name, $holder.
RETURN NOT EXISTS {
  MATCH (lease:Lease {name: $name})
  WHERE lease.holder <> $holder AND lease.until >= datetime.realtime()
} AS free
