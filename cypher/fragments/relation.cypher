// In: item, actor, relation (a word of a rule). An expression: whether the actor is in that relation to the item. An item
// that names no owner is owned by its assignee.
CASE relation
  WHEN 'assignee' THEN EXISTS { (item)-[:ASSIGNED_TO]->(actor) }
  WHEN 'not_assignee' THEN NOT EXISTS { (item)-[:ASSIGNED_TO]->(actor) }
  WHEN 'author' THEN EXISTS { (item)-[:AUTHORED_BY]->(actor) }
  WHEN 'not_author' THEN NOT EXISTS { (item)-[:AUTHORED_BY]->(actor) }
  WHEN 'owner' THEN EXISTS { (item)-[:OWNED_BY]->(actor) }
    OR NOT EXISTS { (item)-[:OWNED_BY]->(:Actor) } AND EXISTS { (item)-[:ASSIGNED_TO]->(actor) }
  WHEN 'not_owner' THEN NOT (EXISTS { (item)-[:OWNED_BY]->(actor) }
    OR NOT EXISTS { (item)-[:OWNED_BY]->(:Actor) } AND EXISTS { (item)-[:ASSIGNED_TO]->(actor) })
  ELSE CASE
    WHEN relation =~ 'did[ :].+' THEN EXISTS { MATCH (actor)-[f:HAS_FIRED]->(item) WHERE f.action = trim(substring(relation, 4)) }
    WHEN relation =~ 'did_not[ :].+' THEN NOT EXISTS { MATCH (actor)-[f:HAS_FIRED]->(item) WHERE f.action = trim(substring(relation, 8)) }
    ELSE false
  END
END
