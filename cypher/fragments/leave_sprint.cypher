// In: story, whose lock is taken. Its stay in a sprint, if it is in one, becomes one that has ended. $actor_id.
CALL (story) {
  MATCH (story)-[stay:IN_SPRINT]->(former:Sprint)
  CREATE (story)-[:WAS_IN_SPRINT {
    entered_at: stay.entered_at, entered_by: stay.entered_by, left_at: datetime.realtime(), left_by: $actor_id,
    points: CASE WHEN former.state = 'closed' THEN stay.points ELSE story.story_points END
  }]->(former)
  DELETE stay
}
