// Takes the locks of sprints before stories are put into them: whoever closes one either sees them, or has closed it when we look. $ids.
UNWIND $ids AS id
WITH id ORDER BY id
MATCH (sprint:Sprint {id: id})
SET sprint.lock = true
RETURN count(*) AS locked
