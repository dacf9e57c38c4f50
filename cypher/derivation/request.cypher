// Asks derivers outside for the tasks of a story, instead of what was asked before and nobody has answered; or says what is missing.
// $id, $story_id, $workflow, $author_id. `texts` is what is told of the story.
OPTIONAL MATCH (known_story:Story {id: $story_id})
FOREACH (lock IN CASE WHEN known_story IS NULL THEN [] ELSE [known_story] END | SET lock.lock = true)
WITH known_story AS story
OPTIONAL MATCH (known:DerivationRequest {id: $id})
OPTIONAL MATCH (author:Actor {id: $author_id})
OPTIONAL MATCH (workflow:Workflow {name: $workflow, item: 'task'})
WITH *, coalesce(author:System, false) AS builtin
WITH *, story IS NOT NULL AND known IS NULL AND workflow IS NOT NULL AND ($author_id IS NULL OR author IS NOT NULL) AND NOT builtin AS fit,
  story {.title, .description, acceptance_criteria: coalesce(story.acceptance_criteria, []), tasks: COLLECT {
    MATCH (story)-[:HAS_TASK]->(task:Task) RETURN task.id ORDER BY coalesce(task.rank, 0), task.id }} AS texts
CALL (story, texts, fit) {
  WITH story WHERE fit
  CALL (story) {
    MATCH (former:DerivationRequest)-[:OF]->(story)
    WHERE former.answered_at IS NULL AND former.replaced_by IS NULL
    SET former.replaced_by = $id
    RETURN count(*) AS replaced
  }
  CREATE (:DerivationRequest {id: $id, name: $id, at: datetime.realtime(), workflow: $workflow, author_id: $author_id})-[:OF]->(story)
  CREATE (:OutboxEvent {
    outbox_id: randomUUID(), outbox_at: datetime.realtime(), outbox_order: 0, item_id: story.id,
    subject: 'planning.derivation.requested', request_id: $id, story_id: story.id, title: texts.title, description: texts.description,
    acceptance_criteria: texts.acceptance_criteria, story_points: story.story_points, tasks: texts.tasks
  })
}
RETURN story IS NOT NULL AS has_story, author IS NOT NULL AS has_author, builtin, texts, workflow IS NOT NULL AS has_workflow,
  known IS NOT NULL AS is_known, EXISTS { (known)-[:OF]->(story) } AS is_own
