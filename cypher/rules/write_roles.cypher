// The roles of a workflow, shared by all workflows, with what each inherits in this one. $name, $roles: [{name, inherits}].
UNWIND $roles AS row
MERGE (role:Role {name: row.name})
WITH role, row
UNWIND row.inherits AS name
MERGE (parent:Role {name: name})
MERGE (role)-[:INHERITS {workflow: $name}]->(parent)
