// One small write, with nothing around it. $id.
MATCH (item:Item {id: $id})
SET item.updated_at = datetime.realtime()
