// The draft of a workflow, locked until the transaction ends. $workflow.
MATCH (draft:RuleDraft {workflow: $workflow})
SET draft.lock = true
RETURN draft.yaml AS yaml, draft.sha256 AS sha256, draft.confirm AS confirm
