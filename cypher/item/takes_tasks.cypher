// Whether a story, whose lock is held, was put away, and takes no tasks. $id.
MATCH (story:Story {id: $id})
RETURN
  // include: put_away
  AS is_put_away
