// Takes the lock of all edits of what depends on what, which comes before those of stories and tasks.
MERGE (all:Lock {name: 'dependencies'})
SET all.lock = true
RETURN count(*) AS locked
