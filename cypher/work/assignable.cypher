// The next piece of work of each released story: what is not begun, whose dependencies are closed, and whose doers
// have nothing else of that story in hand; with the action the system may begin it by. $stories: [story id], $tried: [task id],
// $spoilt: [[story id or '' for all, workflow of its tasks or '' for all]] that are left out, $most: of each story.
// Their locks come before anything is read: when two tasks close at once, of whatever stories, whoever comes second sees both.
CALL () {
  UNWIND $stories AS id
  MATCH (story:Story {id: id})
  WITH story ORDER BY story.id
  SET story.lock = true
  RETURN collect(story) AS stories
}
UNWIND stories AS story
WITH story WHERE story.released = true AND NOT [story.id, ''] IN $spoilt
CALL (story) {
  // Most stories have nothing that waits, so that is seen first.
  MATCH (story)-[:HAS_TASK]->(task:Task)-[:IN_STATE]->(todo:State {kind: 'initial'})
  WITH story, task, todo WHERE NOT task.id IN $tried AND NOT [story.id, task.workflow] IN $spoilt AND NOT ['', task.workflow] IN $spoilt
  WITH story, collect({task: task, todo: todo}) AS waiting
  WITH waiting, COLLECT {
    MATCH (story)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(busy:State)
    WHERE NOT coalesce(busy.kind, 'active') IN ['initial', 'final']
    WITH DISTINCT busy
    UNWIND coalesce(busy.awaits, COLLECT {
      MATCH (busy)<-[:FROM]-(next:Transition)<-[:MAY_FIRE]-(r:Role) WHERE coalesce(next.automatic, false) <> true RETURN r.name }) AS role
    RETURN DISTINCT role } AS busy
  UNWIND waiting AS one
  WITH one.task AS task, one.todo AS todo, busy
  MATCH (todo)<-[:FROM]-(t:Transition)-[:TO]->(work:State)
  WHERE coalesce(t.automatic, false) <> true
    AND EXISTS { (:System)-[:HAS_ROLE]->(:Role)-[:MAY_FIRE]->(t) }
    AND NOT EXISTS {
      MATCH (task)-[:DEPENDS_ON]->(:Task)-[:IN_STATE]->(x:State) WHERE coalesce(x.kind, 'active') <> 'final' }
  MATCH (t)-[:ON]->(action:Action)
  WITH task, action, t, busy, coalesce(work.awaits, COLLECT {
    MATCH (work)<-[:FROM]-(next:Transition)<-[:MAY_FIRE]-(r:Role) WHERE coalesce(next.automatic, false) <> true RETURN r.name }) AS doers
  WHERE none(role IN doers WHERE role IN busy)
  RETURN task, action ORDER BY coalesce(task.priority, 3), coalesce(task.rank, 0), task.id, t.order LIMIT $most
}
RETURN story.id AS story_id, task.id AS task_id, task.workflow AS workflow, action.name AS action
