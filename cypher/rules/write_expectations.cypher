// What the file of a workflow expects of its rules, each expectation as JSON. $name, $expectations: [{order, name, text}].
MATCH (workflow:Workflow {name: $name})
UNWIND $expectations AS row
CREATE (workflow)-[:HAS_EXPECTATION {order: row.order}]->(:Expectation {name: row.name, text: row.text})
