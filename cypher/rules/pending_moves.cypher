// The moves that are not finished: of stories or of tasks, how many items each began with, and how many wait still.
// $workflow: a name, or null for all.
MATCH (move:RuleMove)-[:OUT_OF]->(old:State)
WHERE $workflow IS NULL OR move.workflow = $workflow
OPTIONAL MATCH (workflow:Workflow {name: move.workflow})
RETURN move {.workflow, .version, .confirm, .from, .to, .items} AS move, workflow.item AS level, COUNT { (old)<-[:IN_STATE]-() } AS waiting
ORDER BY move.workflow, move.from
