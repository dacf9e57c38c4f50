// Numbers the tasks of a story anew, in the order given. $ids.
UNWIND range(0, size($ids) - 1) AS place
MATCH (task:Task {id: $ids[place]})
SET task.rank = place
RETURN count(*) AS numbered
