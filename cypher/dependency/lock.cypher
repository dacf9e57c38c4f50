// Takes the lock of all edits of what depends on what, and that of the task that is to be waited for; says whether it is there. $on_id.
MERGE (all:Lock {name: 'dependencies'})
SET all.lock = true
WITH count(*) AS locked
OPTIONAL MATCH (on:Task:Item {id: $on_id})
FOREACH (one IN CASE WHEN on IS NULL THEN [] ELSE [on] END | SET one.lock = true)
RETURN on IS NOT NULL AS has_on
