// Which of the things that rows name are there. $actors, $roles, $epics, $sprints, $stories, $tasks: ids; $items: ids of stories and tasks that rows are of; $flows: [{name, item}]; $file: which it is that names them.
RETURN
  COLLECT { UNWIND $actors AS id MATCH (actor:Actor {id: id}) RETURN id } AS actors,
  COLLECT { UNWIND $roles AS name MATCH (role:Role {name: name}) RETURN name } AS roles,
  COLLECT { UNWIND $epics AS id MATCH (epic:Epic {id: id}) RETURN id } AS epics,
  COLLECT { UNWIND $sprints AS id MATCH (sprint:Sprint {id: id}) RETURN id } AS sprints,
  COLLECT { UNWIND $sprints AS id MATCH (sprint:Sprint {id: id, state: 'closed'}) RETURN id } AS ended,
  COLLECT { UNWIND $stories AS id MATCH (story:Story {id: id}) RETURN id } AS stories,
  COLLECT { UNWIND $tasks AS id MATCH (task:Task {id: id}) RETURN id } AS tasks,
  // Those of which there are changes, and nothing else any more.
  COLLECT { UNWIND $items AS id WITH id WHERE NOT EXISTS { (:Item {id: id}) } AND EXISTS {
    MATCH (change:Change {item_id: id}) USING INDEX change:Change(item_id, seq) WHERE change.seq IS NOT NULL } RETURN id } AS deleted,
  // Those that take nothing new, unless this very file has left them so before it was broken off.
  COLLECT { UNWIND $epics AS id MATCH (epic:Epic {id: id}) WHERE epic.archived_at IS NOT NULL AND coalesce(epic.imported_from <> $file, true) RETURN id } AS archived,
  COLLECT { UNWIND $stories AS id MATCH (story:Story {id: id})-[:IN_STATE]->(:State {kind: 'final'}) WHERE coalesce(story.imported_from <> $file, true) RETURN DISTINCT id } AS closed,
  COLLECT {
    UNWIND $flows AS flow
    MATCH (workflow:Workflow {name: flow.name, item: flow.item})
    RETURN {
      name: flow.name, item: flow.item,
      first: head(COLLECT { MATCH (workflow)-[starts:STARTS_AT]->(s:State) RETURN s.name ORDER BY starts.order LIMIT 1 }),
      states: COLLECT { MATCH (workflow)-[:HAS_STATE]->(s:State) RETURN s.name ORDER BY s.order },
      final: COLLECT { MATCH (workflow)-[:HAS_STATE]->(s:State {kind: 'final'}) RETURN s.name }
    }
  } AS flows
