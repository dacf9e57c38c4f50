// How many stories there are, and how many in the states asked for, without a look at any.
// $state: null for the states that are not final.
MATCH (:Workflow {item: 'story'})-[:HAS_STATE]->(state:State)
WHERE CASE WHEN $state IS NULL THEN coalesce(state.kind, 'active') <> 'final' ELSE state.name = $state END
WITH coalesce(sum(COUNT { (state)<-[:IN_STATE]-() }), 0) AS in_states
RETURN in_states, COUNT { MATCH (story:Story) RETURN story } AS stories
