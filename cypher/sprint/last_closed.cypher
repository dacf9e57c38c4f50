// The sprints that were closed last, the oldest of them first. $last.
MATCH (sprint:Sprint {state: 'closed'})
WITH sprint, sprint.closed_at AS at WHERE
  // include: readable_time
WITH sprint, at ORDER BY at DESC, sprint.id LIMIT $last
RETURN
  // include: sprint
  AS sprint ORDER BY at, sprint.id
