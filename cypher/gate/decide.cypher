// Decides commands in their order, each against the graph as the one before left it; applies what is legal with
// all automatic hops that follow, and writes history and events. The only statement that moves an item.
// $batch: {commands: [{seq, item_id, action, actor_id, engine, anyone, dry, timer, assume_inputs, command_id, command_key, fingerprint,
//   expected_version, feedback, inputs, inputs_json, verdicts: {plug-in: {version, holds}}}]}; action null asks for automatic
//   hops alone; timer for what rested long enough; assume_inputs, of what is undone, for what right inputs would do.
// The list is inside a map, because Neo4j would make another plan, which takes seconds, for each length of a list.

// Locks first, parents before items and each kind sorted, so that two batches cannot deadlock. It must be a SET:
// to REMOVE a property whose name no node ever had takes no lock.
CALL () {
  UNWIND $batch.commands AS c
  WITH c WHERE NOT c.dry
  MATCH (parent:Story)-[:HAS_TASK]->(:Item {id: c.item_id})
  WITH DISTINCT parent ORDER BY parent.id
  SET parent.lock = true
  RETURN count(*) AS parents
}
CALL () {
  UNWIND $batch.commands AS c
  WITH c WHERE NOT c.dry
  MATCH (item:Item {id: c.item_id})
  WITH DISTINCT item ORDER BY item.id
  SET item.lock = true
  RETURN count(*) AS items
}
WITH parents, items
MATCH (engine:System)
UNWIND $batch.commands AS c
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
      // include: roles
      + ['*']
    END AS roles,
    COUNT { (item)-[:IN_STATE]->(:State) } AS states,
    head(COLLECT { MATCH (item)-[:IN_STATE]->(s:State) RETURN s {.name, .kind} }) AS state_before
  WITH *,
    CASE WHEN item IS NULL THEN [{code: 'UNKNOWN_ITEM'}] ELSE [] END
    + CASE WHEN actor IS NULL AND NOT c.anyone THEN [{code: 'UNKNOWN_ACTOR'}] ELSE [] END
    + CASE WHEN actor = engine AND NOT c.engine THEN [{code: 'ROLE_NOT_ALLOWED', builtin: true}] ELSE [] END
    + CASE WHEN item IS NOT NULL AND states <> 1 THEN [{code: 'RULE_BROKEN', broken: 'state'}] ELSE [] END
    + CASE WHEN c.expected_version <> item.version THEN [{code: 'STALE_VERSION', version: item.version}] ELSE [] END
      AS obstacles
  WITH *,
    item.version AS version_before,
    CASE WHEN c.action IS NULL THEN 1 ELSE 0 END AS first_step,
    // A stale version does not hide the other reasons, but nothing may be applied.
    earlier IS NULL AND item IS NOT NULL AND states = 1
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
        // include: candidates
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
          coalesce(t.automatic, false) = true OR coalesce(c.timer, false) AS automatic
        DELETE here
        CREATE (item)-[:IN_STATE]->(to)
        CREATE (change:Change {
          name: chosen.action, item_id: item.id, seq: version, action: chosen.action, from: state.name, to: to.name,
          automatic: automatic, actor_id: doer.id, role: role, command_id: c.command_id,
          rule_version: workflow.version, unadopted: workflow.unadopted, at: now, feedback: feedback,
          inputs: CASE WHEN step = 0 THEN c.inputs_json END,
          command_key: CASE WHEN step = 0 THEN c.command_key END,
          answered_at: CASE WHEN step = 0 AND c.command_key IS NOT NULL THEN now END,
          fingerprint: CASE WHEN step = 0 THEN c.fingerprint END
        })
        SET item.version = version, item.updated_at = now, item.entered_at = now,
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
        FOREACH (name IN coalesce(t.effects, []) |
          CREATE (effect:Effect) SET effect = properties(event), effect.effect_id = randomUUID(), effect.name = name,
            effect.inputs = change.inputs, effect.tries = 0, effect.due_at = now)
        RETURN {action: chosen.action, from: state.name, to: to.name, automatic: automatic} AS hop
      }
      RETURN hop, CASE WHEN step = 0 THEN [x IN candidates | {rule: x.rule, key: x.key, permitted: x.permitted, reasons: x.reasons}] END AS seen,
        CASE WHEN step > 0 THEN reduce(names = [], x IN candidates | names + [r IN x.reasons WHERE r.plugin IS NOT NULL | r.plugin]) END AS unjudged
    }
    RETURN collect(hop) AS hops, coalesce(head(collect(seen)), []) AS verdicts, coalesce(last(collect(unjudged)), []) AS pending
  }
  // An action that meets no rule here may be one that no rule of the workflow knows.
  WITH *, obstacles + CASE WHEN size(verdicts) > 0 OR item IS NULL OR c.action IS NULL OR EXISTS {
      MATCH (:Action {name: c.action})<-[:ON]-(:Transition {workflow: item.workflow})
    } OR EXISTS {
      MATCH (item)-[:IN_STATE]->(:State)<-[:FROM]-(:Transition)-[:ON]->(:Action {name: c.action})
    } THEN [] ELSE [{code: 'UNKNOWN_ACTION'}] END AS against
  CALL (c, item, hops) {
    WITH c, item, hops WHERE size(hops) > 0
    // include: rest
  }
  RETURN earlier, against, state_before, hops, verdicts, pending, item, resting, version_before + size(hops) AS version
}
RETURN c.seq AS seq, earlier, against AS obstacles, hops, verdicts, pending, coalesce(resting, []) AS awaits, version,
  item.workflow AS workflow, item:Story AS is_story, state_before.name AS state, state_before.kind AS kind,
  // Whose next work may begin: that of its story, and when it is closed, of the stories of those that depend on it.
  CASE WHEN size(hops) = 0 THEN [] ELSE
    COLLECT { MATCH (parent:Story)-[:HAS_TASK]->(item) RETURN parent.id }
    + COLLECT {
      MATCH (item)-[:IN_STATE]->(:State {kind: 'final'})
      MATCH (item)<-[:DEPENDS_ON]-(:Task)<-[:HAS_TASK]-(other:Story) RETURN DISTINCT other.id }
  END AS stories
ORDER BY seq
