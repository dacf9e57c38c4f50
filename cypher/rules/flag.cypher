// Says whether the live rules of a workflow are an edit that is no version; each change copies it. $name, $unadopted: true or null.
MATCH (workflow:Workflow {name: $name})
SET workflow.unadopted = $unadopted
