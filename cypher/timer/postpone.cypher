// Has items whose timer could not fire looked at again later; one that moved meanwhile has another time. $items: [{id, version}], $seconds.
UNWIND $items AS row
MATCH (item:Item {id: row.id})
SET item.lock = true
WITH item, row WHERE coalesce(item.version, 0) = row.version
MATCH (item)-[:IN_STATE]->(state:State)
CALL (item, state) {
  CALL (item, state) {
    // include: leaving
  }
  WITH item, t WHERE t.after IS NOT NULL
  WITH item,
    // include: after_seconds
    AS seconds
  WITH item, seconds WHERE seconds IS NOT NULL
  WITH CASE WHEN item.entered_at IS :: ZONED DATETIME NOT NULL THEN item.entered_at + duration({seconds: seconds}) END AS moment
  RETURN min(CASE WHEN moment > datetime.realtime() THEN moment END) AS later, count(*) > 0 AS timed
}
SET item.due_at = CASE WHEN timed THEN reduce(first = datetime.realtime() + duration({seconds: $seconds}), x IN [later] |
  CASE WHEN x < first THEN x ELSE first END) END
RETURN count(*) AS postponed
