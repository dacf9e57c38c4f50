// The live rules of a workflow, as they are in the graph, hand edits included. $name.
MATCH (workflow:Workflow {name: $name})
RETURN workflow {.name, .item, .roles, .version} AS workflow,
  COLLECT {
    MATCH (state:State) WHERE EXISTS { (workflow)-[:HAS_STATE]->(state) }
      OR EXISTS { (state)<-[:FROM|TO]-(:Transition {workflow: workflow.name}) }
    WITH DISTINCT state ORDER BY coalesce(state.order, 1000000), state.name
    RETURN state {.name, .kind, .awaits, .outcome}
  } AS states,
  COLLECT {
    MATCH (workflow)-[start:STARTS_AT]->(state:State)
    WITH start, state ORDER BY start.order
    RETURN {state: state.name, roles: start.roles}
  } AS starts,
  COLLECT {
    MATCH (workflow)-[:HAS_COUPLING]->(k:Coupling)
    WITH k ORDER BY k.order
    RETURN {
      properties: properties(k),
      states: COLLECT { MATCH (k)-[:IN_PARENT_STATE]->(s1:State) RETURN s1.name ORDER BY s1.order },
      fires: head(COLLECT { MATCH (k)-[:FIRES]->(a:Action) RETURN a.name })
    }
  } AS couplings,
  COLLECT {
    MATCH (t:Transition)
    WHERE t.workflow = workflow.name OR EXISTS { (t)-[:FROM|TO]->(:State)<-[:HAS_STATE]-(workflow) }
    WITH DISTINCT t ORDER BY coalesce(t.order, 1000000), t.name
    RETURN {
      properties: properties(t),
      from_any: EXISTS { (t)-[:FROM_ANY]->(:Workflow) },
      from: COLLECT { MATCH (t)-[:FROM]->(s2:State) RETURN s2.name ORDER BY coalesce(s2.order, 1000000), s2.name },
      except: COLLECT { MATCH (t)-[:EXCEPT]->(s3:State) WHERE NOT EXISTS { (s3)<-[:OUT_OF]-(:RuleMove) } RETURN s3.name ORDER BY coalesce(s3.order, 1000000), s3.name },
      to: COLLECT { MATCH (t)-[:TO]->(s4:State) RETURN s4.name },
      action: COLLECT { MATCH (t)-[:ON]->(a:Action) RETURN a.name },
      roles: COLLECT { MATCH (r:Role)-[:MAY_FIRE]->(t) RETURN r.name ORDER BY r.name },
      all_roles: COLLECT { MATCH (t)-[:NEEDS_ROLE]->(r:Role) RETURN r.name ORDER BY r.name },
      not_same_actor_as: COLLECT { MATCH (t)-[:NOT_SAME_ACTOR_AS]->(a:Action) RETURN a.name ORDER BY a.name },
      inputs: COLLECT { MATCH (t)-[place:REQUIRES]->(n:Input) RETURN properties(n) ORDER BY place.order },
      guards: COLLECT { MATCH (t)-[place:GUARDED_BY]->(g:Guard) RETURN properties(g) ORDER BY place.order }
    }
  } AS transitions,
  COLLECT {
    MATCH (workflow)-[place:HAS_EXPECTATION]->(e:Expectation)
    RETURN coalesce(e.text, '') ORDER BY place.order, e.name
  } AS expectations,
  COLLECT {
    MATCH (role:Role)
    RETURN {name: role.name, inherits: COLLECT {
      MATCH (role)-[i:INHERITS]->(p:Role) WHERE coalesce(i.workflow, $name) = $name RETURN DISTINCT p.name ORDER BY p.name }}
  } AS roles
