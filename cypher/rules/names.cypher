// The workflows there are.
MATCH (workflow:Workflow)
RETURN workflow.name AS name, workflow.item AS item, workflow.version AS version
ORDER BY name
