// Which of these ids are taken, by an item, a story or an epic, whether by a task, and of which story. $ids.
UNWIND $ids AS id
OPTIONAL MATCH (item:Item {id: id})
OPTIONAL MATCH (other:Story {id: id})
OPTIONAL MATCH (epic:Epic {id: id})
WITH id, item, coalesce(item, other, epic) AS there WHERE there IS NOT NULL
RETURN id, item IS NOT NULL AND item:Task AS is_task, head(COLLECT { MATCH (story:Story)-[:HAS_TASK]->(item) RETURN story.id }) AS story_id
