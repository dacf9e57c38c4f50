// A page of tasks, the oldest first. $state, $role (a role their state waits for), $assignee_id: null for any;
// $after: [place, id] or null, $limit.
MATCH (state:State)
WHERE ($state IS NULL OR state.name = $state)
  AND ($role IS NULL OR $role IN coalesce(state.awaits, COLLECT {
    MATCH (state)<-[:FROM]-(t:Transition)<-[:MAY_FIRE]-(r:Role) WHERE coalesce(t.automatic, false) <> true RETURN r.name }))
MATCH (task:Task)-[:IN_STATE]->(state)
WHERE $assignee_id IS NULL OR EXISTS { (task)-[:ASSIGNED_TO]->(:Actor {id: $assignee_id}) }
WITH task, task.created_at.epochMillis AS place ORDER BY place, task.id
WITH collect({id: task.id, place: place}) AS found
RETURN size(found) AS total, [row IN found
  WHERE $after IS NULL OR row.place > $after[0] OR (row.place = $after[0] AND row.id > $after[1])][..$limit] AS rows
