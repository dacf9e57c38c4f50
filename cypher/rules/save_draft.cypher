// Keeps the one draft of a workflow, in place of an earlier one. $workflow, $yaml, $sha256, $confirm, $base, $by.
MERGE (draft:RuleDraft {workflow: $workflow})
SET draft.name = $workflow, draft.yaml = $yaml, draft.sha256 = $sha256, draft.confirm = $confirm, draft.base = $base,
  draft.by = $by, draft.at = datetime.realtime()
