// Decides commands in their order, each against the graph as the one before left it; applies what is legal with
// all automatic hops that follow, and writes history and events. The only statement that moves an item.
// $commands: [{seq, item_id, action, actor_id, engine, anyone, dry, command_id, command_key, fingerprint,
//              expected_version, feedback, inputs, inputs_json}]; action null asks for automatic hops alone.

// Locks first, parents before items and each kind sorted, so that two batches cannot deadlock. It must be a SET:
// to REMOVE a property whose name no node ever had takes no lock.
CALL () {
  UNWIND $commands AS c
  WITH c WHERE NOT c.dry
  MATCH (parent:Story)-[:HAS_TASK]->(:Item {id: c.item_id})
  WITH DISTINCT parent ORDER BY parent.id
  SET parent.lock = true
  RETURN count(*) AS parents
}
CALL () {
  UNWIND $commands AS c
  WITH c WHERE NOT c.dry
  MATCH (item:Item {id: c.item_id})
  WITH DISTINCT item ORDER BY item.id
  SET item.lock = true
  RETURN count(*) AS items
}
WITH parents, items
MATCH (engine:System)
UNWIND $commands AS c
WITH c, engine ORDER BY c.seq
CALL (c, engine) {
  OPTIONAL MATCH (item:Item {id: c.item_id})
  OPTIONAL MATCH (named:Actor {id: c.actor_id})
  OPTIONAL MATCH (answered:Change {command_key: c.command_key})
  OPTIONAL MATCH (refused:Refusal {command_key: c.command_key})
  WITH c, engine, item, CASE WHEN c.engine THEN engine ELSE named END AS actor,
    coalesce(answered.fingerprint, refused.fingerprint) AS earlier
  WITH *,
    CASE WHEN actor IS NULL THEN [] ELSE
      COLLECT { MATCH (actor)-[:HAS_ROLE]->(:Role)-[:INHERITS*0..8]->(r:Role) RETURN DISTINCT r.name ORDER BY r.name } + ['*']
    END AS roles,
    COUNT { (item)-[:IN_STATE]->(:State) } AS states,
    head(COLLECT { MATCH (item)-[:IN_STATE]->(s:State) RETURN s {.name, .kind} }) AS state_before,
    CASE WHEN item IS NULL OR c.action IS NULL THEN true ELSE EXISTS {
      MATCH (:Action {name: c.action})<-[:ON]-(:Transition {workflow: item.workflow})
    } OR EXISTS {
      MATCH (item)-[:IN_STATE]->(:State)<-[:FROM]-(:Transition)-[:ON]->(:Action {name: c.action})
    } END AS known_action
  WITH *,
    CASE WHEN item IS NULL THEN [{code: 'UNKNOWN_ITEM'}] ELSE [] END
    + CASE WHEN actor IS NULL AND NOT c.anyone THEN [{code: 'UNKNOWN_ACTOR'}] ELSE [] END
    + CASE WHEN actor = engine AND NOT c.engine THEN [{code: 'ROLE_NOT_ALLOWED', builtin: true}] ELSE [] END
    + CASE WHEN NOT known_action THEN [{code: 'UNKNOWN_ACTION'}] ELSE [] END
    + CASE WHEN item IS NOT NULL AND states <> 1 THEN [{code: 'RULE_BROKEN', broken: 'state'}] ELSE [] END
    + CASE WHEN c.expected_version <> item.version THEN [{code: 'STALE_VERSION', version: item.version}] ELSE [] END
      AS obstacles
  WITH *,
    item.version AS version_before,
    CASE WHEN c.action IS NULL THEN 1 ELSE 0 END AS first_step,
    // A stale version does not hide the other reasons, but nothing may be applied.
    earlier IS NULL AND item IS NOT NULL AND states = 1 AND known_action
      AND (c.anyone OR (actor IS NOT NULL AND (c.engine OR actor <> engine))) AS judged,
    size(obstacles) = 0 AND NOT c.dry AS may_apply

  CALL (c, engine, item, actor, roles, judged, may_apply, version_before, first_step) {
    UNWIND CASE WHEN judged THEN range(first_step, 24) ELSE [] END AS step
    CALL (c, engine, item, actor, roles, may_apply, version_before, first_step, step) {
      // Each hop adds one to the version, so a step whose forerunner did not move finds nothing to do.
      WITH c, engine, item, actor, roles, may_apply, step
        WHERE item.version = version_before + step - first_step AND (may_apply OR step = 0)
      MATCH (item)-[:IN_STATE]->(state:State)
      CALL (c, engine, item, actor, roles, step, state) {
        CALL (item, state) {
          MATCH (state)<-[:FROM]-(t:Transition)
          RETURN t
        UNION
          MATCH (:Workflow {name: item.workflow})<-[:FROM_ANY]-(t:Transition)
          WHERE coalesce(state.kind, 'active') <> 'final' AND NOT EXISTS { (t)-[:EXCEPT]->(state) }
          RETURN t
        }
        MATCH (t)-[:ON]->(action:Action)
        WHERE step > 0 OR action.name = c.action
        CALL (item, action) {
          OPTIONAL MATCH (:Workflow {name: item.workflow})-[:HAS_COUPLING]->(k:Coupling)-[:FIRES]->(action)
          // include: coupling_met
          RETURN collect(CASE WHEN k IS NULL THEN null ELSE {name: k.name, met: met, sprint: k.sprint} END) AS couplings
        }
        WITH c, engine, item, actor, roles, step, state, t, action, couplings,
          any(k IN couplings WHERE k.met) AND EXISTS { (engine)-[:HAS_ROLE]->(:Role)-[:MAY_FIRE]->(t) } AS coupled
        WHERE step = 0 OR coalesce(t.automatic, false) = true OR coupled
        CALL (c, item, t) {
          // include: input_reasons
        }
        CALL (c, item, t, action) {
          // include: guard_reasons
        }
        WITH c, item, actor, roles, step, state, t, action, couplings, inputs_wrong, guards_failed,
          COLLECT { MATCH (r:Role)-[:MAY_FIRE]->(t) WHERE r.name IN roles RETURN r.name ORDER BY r.name } AS firing,
          EXISTS { (:Role)-[:MAY_FIRE]->(t) } AS by_role,
          COLLECT { MATCH (t)-[:NEEDS_ROLE]->(r:Role) RETURN r.name } AS needed,
          coalesce(t.relations, []) AS relations,
          COUNT { (t)-[:TO]->(:State) } AS targets
        WITH *, step > 0 OR c.anyone AS free
        WITH *,
          CASE WHEN targets <> 1 THEN [{code: 'RULE_BROKEN', broken: 'target'}] ELSE [] END AS broken,
          CASE
            WHEN free THEN []
            WHEN by_role AND size(firing) = 0 THEN [{code: 'ROLE_NOT_ALLOWED'}]
            WHEN any(r IN needed WHERE NOT r IN roles) THEN [{code: 'ROLE_NOT_ALLOWED'}]
            WHEN NOT by_role AND size(needed) = 0 AND size(relations) = 0 THEN [{code: 'ROLE_NOT_ALLOWED'}]
            WHEN t.actor_kinds IS NOT NULL AND NOT actor.kind IN t.actor_kinds
              THEN [{code: 'ROLE_NOT_ALLOWED', kinds: t.actor_kinds}]
            ELSE []
          END AS not_allowed,
          CASE WHEN free OR size(relations) = 0 OR any(relation IN relations WHERE CASE relation
              WHEN 'assignee' THEN EXISTS { (item)-[:ASSIGNED_TO]->(actor) }
              WHEN 'not_assignee' THEN NOT EXISTS { (item)-[:ASSIGNED_TO]->(actor) }
              WHEN 'author' THEN EXISTS { (item)-[:AUTHORED_BY]->(actor) }
              WHEN 'not_author' THEN NOT EXISTS { (item)-[:AUTHORED_BY]->(actor) }
              WHEN 'owner' THEN EXISTS { (item)-[:OWNED_BY]->(actor) }
              WHEN 'not_owner' THEN NOT EXISTS { (item)-[:OWNED_BY]->(actor) }
              ELSE false END)
            THEN [] ELSE [{code: 'RELATION_NOT_MET', relations: relations}] END AS not_related,
          CASE WHEN free THEN [] ELSE
            [x IN COLLECT {
              MATCH (t)-[:NOT_SAME_ACTOR_AS]->(before:Action)
              MATCH (actor)-[fired:HAS_FIRED]->(item) WHERE fired.action = before.name
              RETURN before.name ORDER BY before.name
            } | {code: 'SAME_ACTOR', action: x}]
          END AS same_actor
        WITH state, t, action, firing, [k IN couplings WHERE NOT k.met AND k.sprint IS NULL | {code: 'GUARD_FAILED', guard: k.name}] AS uncoupled,
          broken, not_allowed, not_related, same_actor, inputs_wrong, guards_failed, step
        ORDER BY t.order
        RETURN collect({
          t: t, action: action.name, role: head(firing), permitted: size(not_allowed) = 0,
          rule: coalesce(state.name, '?') + ' -[' + action.name + ']-> '
            + coalesce(head(COLLECT { MATCH (t)-[:TO]->(to:State) RETURN to.name }), '?'),
          reasons: not_allowed + not_related + same_actor
            + CASE WHEN step = 0 THEN inputs_wrong ELSE [] END + uncoupled + guards_failed + broken
        }) AS candidates
      }
      WITH c, engine, item, actor, roles, may_apply, step, state, candidates,
        head([x IN candidates WHERE size(x.reasons) = 0]) AS chosen

      OPTIONAL CALL (c, engine, item, actor, roles, may_apply, step, state, chosen) {
        WITH * WHERE may_apply AND chosen IS NOT NULL
        WITH *, chosen.t AS t
        MATCH (t)-[:TO]->(to:State)
        MATCH (workflow:Workflow {name: item.workflow})
        MATCH (item)-[here:IN_STATE]->(state)
        OPTIONAL MATCH (story:Story)-[:HAS_TASK]->(item)
        WITH *, datetime.realtime() AS now, item.version + 1 AS version,
          CASE WHEN step = 0 THEN actor ELSE engine END AS doer,
          CASE
            WHEN step > 0 THEN head(COLLECT { MATCH (engine)-[:HAS_ROLE]->(r:Role) RETURN r.name })
            WHEN coalesce(chosen.role, '*') = '*' THEN head(roles)
            ELSE chosen.role
          END AS role,
          CASE WHEN step = 0 THEN c.feedback END AS feedback,
          coalesce(t.automatic, false) = true AS automatic
        DELETE here
        CREATE (item)-[:IN_STATE]->(to)
        CREATE (change:Change {
          name: chosen.action, item_id: item.id, seq: version, action: chosen.action, from: state.name, to: to.name,
          automatic: automatic, actor_id: doer.id, role: role, command_id: c.command_id,
          rule_version: workflow.version, at: now, feedback: feedback,
          inputs: CASE WHEN step = 0 THEN c.inputs_json END,
          command_key: CASE WHEN step = 0 THEN c.command_key END,
          fingerprint: CASE WHEN step = 0 THEN c.fingerprint END
        })
        SET item.version = version, item.updated_at = now,
          item.rework = coalesce(item.rework, 0) + CASE WHEN t.rework = true THEN 1 ELSE 0 END,
          // What was asked to be mended stays with the item until somebody hands in again.
          item.feedback = CASE WHEN step = 0 AND coalesce(t.rework, false) <> true THEN feedback
                               ELSE coalesce(feedback, item.feedback) END,
          item.started_at = CASE WHEN to.kind = 'active' THEN coalesce(item.started_at, now) ELSE item.started_at END,
          item.done_at = CASE WHEN to.kind = 'final' AND coalesce(to.outcome, 'done') = 'done' THEN now END
        WITH *
        CALL (item, change) {
          OPTIONAL MATCH (item)-[latest:LATEST]->(previous:Change)
          DELETE latest
          CREATE (item)-[:LATEST]->(change)
          FOREACH (p IN CASE WHEN previous IS NULL THEN [] ELSE [previous] END | CREATE (change)-[:PREVIOUS]->(p))
        }
        MERGE (doer)-[fired:HAS_FIRED {action: chosen.action}]->(item)
        SET fired.times = coalesce(fired.times, 0) + 1, fired.last_at = now
        WITH *
        CALL (item, t, doer) {
          WITH item, t, doer WHERE coalesce(t.claims, false) = true
          OPTIONAL MATCH (item)-[former:ASSIGNED_TO]->(:Actor)
          DELETE former
          CREATE (item)-[:ASSIGNED_TO]->(doer)
        }
        CREATE (event:OutboxEvent {
          outbox_id: randomUUID(), outbox_at: now, outbox_order: c.seq * 100 + step * 2, item_id: item.id, json_fields: [],
          subject: CASE WHEN item:Task THEN 'workflow.state.changed' ELSE 'planning.story.transitioned' END,
          task_id: CASE WHEN item:Task THEN item.id END,
          story_id: CASE WHEN item:Task THEN story.id ELSE item.id END,
          from_state: state.name, to_state: to.name, action: chosen.action, actor_id: doer.id, actor_role: role,
          automatic: automatic, version: version, command_id: c.command_id, rule_version: workflow.version,
          feedback: feedback,
          transitioned_by: CASE WHEN item:Story THEN doer.id END,
          tasks: CASE WHEN item:Story THEN COLLECT {
            MATCH (item)-[:HAS_TASK]->(task:Task) RETURN task.id ORDER BY coalesce(task.rank, 0), task.id } END
        })
        FOREACH (subject IN CASE WHEN t.emits IS NULL THEN [] ELSE [t.emits] END |
          CREATE (:OutboxEvent {
            outbox_id: randomUUID(), outbox_at: now, outbox_order: c.seq * 100 + step * 2 + 1, item_id: item.id, json_fields: [],
            subject: subject, story_id: CASE WHEN item:Task THEN story.id ELSE item.id END,
            task_id: CASE WHEN item:Task THEN item.id END,
            decision_id: randomUUID(), decided_by: doer.id, comment: coalesce(feedback, '')
          }))
        RETURN {action: chosen.action, from: state.name, to: to.name, automatic: automatic} AS hop
      }
      RETURN hop, CASE WHEN step = 0 THEN [x IN candidates | {rule: x.rule, permitted: x.permitted, reasons: x.reasons}] END AS seen
    }
    RETURN collect(hop) AS hops, coalesce(head(collect(seen)), []) AS verdicts
  }
  CALL (c, item, hops) {
    WITH c, item, hops WHERE size(hops) > 0
    // include: rest
  }
  RETURN earlier, obstacles, state_before, hops, verdicts, item, resting, version_before + size(hops) AS version
}
RETURN c.seq AS seq, earlier, obstacles, hops, verdicts, coalesce(resting, []) AS awaits, version,
  item.workflow AS workflow, item:Story AS is_story, state_before.name AS state, state_before.kind AS kind,
  head(COLLECT { MATCH (parent:Story)-[:HAS_TASK]->(item) RETURN parent.id }) AS parent_id
ORDER BY seq
