// Has items looked at again: for what they could do by themselves, or whether they may be begun. $ids, $seconds.
UNWIND $ids AS id
MATCH (item:Item {id: id})
WITH DISTINCT item ORDER BY item.id
SET item.look_at = datetime.realtime() + duration({seconds: $seconds})
