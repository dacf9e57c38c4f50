// Notes when a sprint was closed, and the estimates of its stories then: what is estimated later changes no past. $id.
MATCH (sprint:Sprint {id: $id})
SET sprint.closed_at = datetime.realtime()
WITH sprint
MATCH (story:Story)-[stay:IN_SPRINT]->(sprint)
SET stay.points = story.story_points
