// The draft of a workflow, locked until the transaction ends. $workflow.
MATCH (draft:RuleDraft {workflow: $workflow})
SET draft.lock = true
// One that another publish has used up meanwhile is gone, and has no properties any more.
WITH draft WHERE draft.confirm IS NOT NULL
RETURN draft.yaml AS yaml, draft.sha256 AS sha256, draft.confirm AS confirm, draft.base AS base
