// Numbers the tasks of a story anew, in the order given. $ids. Their locks are taken in the order of their ids.
UNWIND range(0, size($ids) - 1) AS place
WITH place, $ids[place] AS id ORDER BY id
MATCH (task:Task {id: id})
SET task.rank = place
RETURN count(*) AS numbered
