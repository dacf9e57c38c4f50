// In: flows (workflows). An expression: the roles whose holders may change their items by hand.
COLLECT { MATCH (role:Role)-[:MAY_EDIT]->(flow:Workflow) WHERE flow IN flows RETURN DISTINCT role.name ORDER BY role.name }
