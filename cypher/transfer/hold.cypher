// Takes the locks of items, so that they are read as of one moment. $ids.
UNWIND $ids AS id
WITH id ORDER BY id
MATCH (item:Item {id: id})
SET item.lock = true
RETURN count(*) AS held
