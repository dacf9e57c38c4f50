// A page of tasks, the oldest first. $state, $role (a role their state waits for), $assignee_id: null for any;
// $after: [place, id] or null, $limit. They are looked for from the assignee, else from the states.
CALL () {
  MATCH (:Actor {id: $assignee_id})<-[:ASSIGNED_TO]-(task:Task)-[:IN_STATE]->(state:State)
  RETURN state, collect(DISTINCT task) AS tasks
UNION ALL
  UNWIND CASE WHEN $assignee_id IS NULL THEN [1] ELSE [] END AS one
  MATCH (state:State)
  RETURN state, null AS tasks
}
WITH state, tasks
WHERE ($state IS NULL OR state.name = $state)
  AND ($role IS NULL OR $role IN coalesce(state.awaits, COLLECT {
    MATCH (state)<-[:FROM]-(t:Transition)<-[:MAY_FIRE]-(r:Role) WHERE coalesce(t.automatic, false) <> true RETURN r.name }))
CALL (state, tasks) {
  UNWIND tasks AS task
  RETURN task
UNION ALL
  UNWIND CASE WHEN tasks IS NULL THEN [state] ELSE [] END AS here
  MATCH (task:Task)-[:IN_STATE]->(here)
  RETURN task
}
WITH task, task.created_at AS at
WITH task,
  // include: place_by_age
  AS place
ORDER BY place, task.id
WITH collect({id: task.id, place: place}) AS found
RETURN size(found) AS total, [row IN found
  WHERE $after IS NULL OR row.place > $after[0] OR (row.place = $after[0] AND row.id > $after[1])][..$limit] AS rows
