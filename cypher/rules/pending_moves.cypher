// The moves that are not finished: how many items each began with, and how many wait still. $workflow: a name, or null for all.
MATCH (move:RuleMove)-[:OUT_OF]->(old:State)
WHERE $workflow IS NULL OR move.workflow = $workflow
RETURN move {.workflow, .version, .confirm, .from, .to, .items} AS move, COUNT { (old)<-[:IN_STATE]-() } AS waiting
ORDER BY move.workflow, move.from
