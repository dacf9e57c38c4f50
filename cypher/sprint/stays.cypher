// The stays of stories in sprints, past ones too: from when and until when (null: still), the points of the story, and when
// it went into final states, by their outcome, and out of them, by none; one that was imported may have begun in one. $ids: [sprint id].
MATCH (sprint:Sprint)<-[stay:IN_SPRINT|WAS_IN_SPRINT]-(story:Story)
USING INDEX SEEK sprint:Sprint(id)
WHERE sprint.id IN $ids
WITH sprint, stay, story, COLLECT {
  MATCH (:Workflow {name: story.workflow})-[:HAS_STATE]->(state:State {kind: 'final'})
  RETURN {name: state.name, outcome: coalesce(state.outcome, 'done')} } AS finals
WITH sprint, stay, story, finals, [f IN finals | f.name] AS names,
  coalesce(story.began_at, story.done_at, story.entered_at, story.created_at) AS began_at,
  CASE WHEN stay.left_at IS NULL AND sprint.state <> 'closed' THEN story.story_points ELSE stay.points END AS points
RETURN sprint.id AS sprint_id, {
  points: CASE WHEN points IS :: INTEGER NOT NULL THEN points END,
  entered_at: head([at IN [stay.entered_at] WHERE
    // include: readable_time
  ]), left_at: head([at IN [stay.left_at] WHERE
    // include: readable_time
  ]),
  ends: [end IN [f IN finals WHERE f.name = story.began_in | [began_at, f.outcome]] + COLLECT {
    MATCH (change:Change {item_id: story.id})
    USING INDEX change:Change(item_id, seq)
    WHERE change.seq IS NOT NULL AND (change.to IN names OR change.from IN names)
    WITH story, change, head([f IN finals WHERE f.name = change.to | f.outcome]) AS outcome
    // A final state that goes on under another name, by new rules: the story was done when it was done.
    RETURN [CASE WHEN outcome = 'done' AND story.done_at < change.at THEN story.done_at ELSE change.at END, outcome]
    ORDER BY change.seq } WHERE any(at IN end[..1] WHERE
      // include: readable_time
    )]
} AS stay
