// In: item. An expression: the parts of the definition of ready that are missing, of 100 points in all.
[part IN [
  {name: 'title', points: 20, there: coalesce(trim(toStringOrNull(item.title)), '') <> ''},
  {name: 'description', points: 20, there: size(coalesce(trim(toStringOrNull(item.description)), '')) >= 20},
  {name: 'acceptance_criteria', points: 30, there: any(criterion IN coalesce(item.acceptance_criteria, []) WHERE coalesce(trim(toStringOrNull(criterion)), '') <> '')},
  {name: 'story_points', points: 15, there: item.story_points IS :: INTEGER NOT NULL},
  {name: 'tasks', points: 15, there: EXISTS { (item)-[:HAS_TASK]->(:Task) }}
] WHERE NOT part.there]
