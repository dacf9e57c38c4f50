// Whether an id is that of a story or of a task. $id.
OPTIONAL MATCH (item:Item {id: $id})
RETURN coalesce(item:Story, false) AS is_story, coalesce(item:Task, false) AS is_task
