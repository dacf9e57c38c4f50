// A page of the stories that have a place, in their order. $key and $after_id: after which; $limit;
// $state, $epic_id, $sprint_id, $label, $author_id, $in_sprint, $min_points, $max_points, $closed, $archived: see the fragment.
MATCH (story:Story)
USING INDEX story:Story(rank_key)
// Said by <>, because > would be looked for by a second index, beside the order.
WHERE story.rank_key >= $key AND (story.rank_key <> $key OR story.id > $after_id)
// In a subquery, because a plan made while there were few stories would join all of them with the states, and stay.
AND EXISTS {
  MATCH (story)-[:IN_STATE]->(state:State)
  WHERE
    // include: in_backlog
}
WITH story ORDER BY story.rank_key, story.id LIMIT $limit
RETURN story.id AS id, story.rank_key AS place
