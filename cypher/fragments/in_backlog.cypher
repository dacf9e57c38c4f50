// In: story, state. An expression: whether a story is one of those asked for. $state, $epic_id, $sprint_id, $label, $author_id: null for any;
// $in_sprint, $min_points, $max_points: null for any; $closed: those in a final state too, $archived: those that were archived too.
CASE WHEN $state IS NULL THEN $closed OR coalesce(state.kind, 'active') <> 'final' ELSE state.name = $state END
AND ($archived OR story.archived_at IS NULL OR coalesce(state.kind, 'active') <> 'final')
AND ($epic_id IS NULL OR EXISTS { (:Epic {id: $epic_id})-[:HAS_STORY]->(story) })
AND ($sprint_id IS NULL OR EXISTS { (story)-[:IN_SPRINT]->(:Sprint {id: $sprint_id}) })
AND ($in_sprint IS NULL OR $in_sprint = EXISTS { (story)-[:IN_SPRINT]->(:Sprint) })
AND ($label IS NULL OR $label IN coalesce(story.labels, []))
AND ($author_id IS NULL OR EXISTS { (story)-[:AUTHORED_BY]->(:Actor {id: $author_id}) })
AND ($min_points IS NULL OR story.story_points >= $min_points)
AND ($max_points IS NULL OR story.story_points <= $max_points)
