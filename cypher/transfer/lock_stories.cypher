// Takes the locks of stories before their tasks are looked at. $ids.
UNWIND $ids AS id
WITH id ORDER BY id
MATCH (story:Story {id: id})
SET story.lock = true
RETURN count(*) AS locked
