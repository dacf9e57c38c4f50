// What the live rules of all workflows are made of, raw and in no order, so that an edit by hand shows at little cost.
RETURN datetime.statement() AS at,
  COLLECT {
    MATCH (workflow:Workflow) WHERE workflow.name IS NOT NULL AND workflow.name IS :: STRING
    RETURN {
      name: workflow.name,
      own: [workflow.item, workflow.roles, workflow.version, workflow.sha256, workflow.unadopted],
      states: COLLECT { MATCH (workflow)-[:HAS_STATE]->(s:State) RETURN [s.name, s.kind, s.order, s.outcome, s.awaits] },
      starts: COLLECT { MATCH (workflow)-[start:STARTS_AT]->(s:State) RETURN [s.name, start.order, start.roles] },
      couplings: COLLECT {
        MATCH (workflow)-[:HAS_COUPLING]->(k:Coupling)
        RETURN [properties(k), COLLECT { MATCH (k)-[:IN_PARENT_STATE|FIRES]->(x) RETURN x.name }] }
    }
  } AS workflows,
  COLLECT {
    MATCH (t:Transition)
    RETURN {
      owners: COLLECT { MATCH (t)-[:FROM|TO]->(:State)<-[:HAS_STATE]-(w:Workflow) RETURN DISTINCT w.name } + [t.workflow],
      own: properties(t),
      edges: COLLECT { MATCH (t)-[edge]-(x) RETURN [type(edge), edge.order, CASE WHEN x:Input OR x:Guard THEN properties(x) ELSE x.name END] }
    }
  } AS transitions,
  COLLECT { MATCH (r:Role)-[i:INHERITS]->(p:Role) RETURN {owner: i.workflow, own: [r.name, p.name]} } AS inherits
