// Sprints by their ids. $ids.
MATCH (sprint:Sprint) WHERE sprint.id IN $ids
RETURN
  // include: sprint
  AS sprint
