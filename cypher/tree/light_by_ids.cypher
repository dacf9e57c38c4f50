// Stories and tasks by their ids, as `items_by_ids` has them, without texts that are long. $ids, $longest: the characters of
// description and criteria together that are not.
CALL () {
  // include: tree/items_by_ids
}
WITH item, $longest < reduce(length = coalesce(size(item.description), 0), criterion IN item.acceptance_criteria |
  length + size(criterion)) AS is_long
RETURN CASE WHEN is_long THEN item {.*, is_long: is_long, description: null, acceptance_criteria: []}
  ELSE item {.*, is_long: is_long} END AS item
