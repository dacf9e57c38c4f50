// Makes what was written the next version, immutable from now on, and tells it; what was published ends the draft. $name, $number, $yaml, $sha256, $by, $how.
// Without $by it was the engine itself.
MATCH (workflow:Workflow {name: $name})
MATCH (engine:System)
WITH workflow, coalesce($by, engine.id) AS by
SET workflow.version = $number, workflow.sha256 = $sha256, workflow.unadopted = null
CREATE (version:RuleVersion {
  name: $name + ' ' + toString($number), key: $name + '/' + toString($number), workflow: $name, number: $number, yaml: $yaml,
  sha256: $sha256, at: datetime.realtime(), by: by, how: $how
})
CREATE (workflow)-[:HAS_VERSION]->(version)
CREATE (:OutboxEvent {
  outbox_id: randomUUID(), outbox_at: datetime.realtime(), outbox_order: 0, item_id: $name,
  subject: 'workflow.rules.changed', workflow: $name, version: $number, by: by, how: $how
})
WITH workflow
OPTIONAL MATCH (draft:RuleDraft {workflow: workflow.name}) WHERE $how = 'published'
DETACH DELETE draft
