// Decides commands in their order, each against the graph as the one before left it; applies what is legal with
// all automatic hops that follow, and writes history and events. The only statement that moves an item.
// $batch: {commands: [{seq, item_id, action, actor_id, engine, anyone, dry, timer, assume_inputs, command_id, command_key, fingerprint,
//   expected_version, feedback, inputs, inputs_json, verdicts: {plug-in: {version, holds}}}], lease: null or {name, fence, seconds}}; action null asks for automatic
//   hops alone; timer for what rested long enough; assume_inputs, of what is undone, for what right inputs would do.
// The list is inside a map, because Neo4j would make another plan, which takes seconds, for each length of a list.

// The lease under which is asked is looked at first, and is the first lock of all.
CALL () {
  UNWIND [lease IN [$batch.lease] WHERE lease IS NOT NULL] AS mine
  // include: kept
  RETURN count(*) AS kept
}
WITH kept WHERE kept = 1 OR $batch.lease IS NULL
UNWIND $batch.commands AS c
OPTIONAL MATCH (item:Item {id: c.item_id})
WITH collect({c: c, item: item, story: head(COLLECT { MATCH (parent:Story)-[:HAS_TASK]->(item) RETURN parent })}) AS asked

// Locks first, before anything of the items is read: parents before items and each kind sorted, so that two batches cannot
// deadlock. It must be a SET: to REMOVE a property whose name no node ever had takes no lock.
CALL (asked) {
  UNWIND asked AS one
  WITH one WHERE NOT one.c.dry AND one.story IS NOT NULL
  WITH DISTINCT one.story AS parent ORDER BY parent.id
  SET parent.lock = true
  RETURN count(*) AS parents
}
CALL (asked) {
  UNWIND asked AS one
  WITH one WHERE NOT one.c.dry AND one.item IS NOT NULL
  WITH DISTINCT one.item AS item ORDER BY item.id
  SET item.lock = true
  RETURN count(*) AS items
}
WITH asked, parents, items
MATCH (engine:System)
// All that is told of this batch is told as of one moment, in the order of the commands.
WITH asked, engine, datetime.realtime() AS told_at, head(COLLECT { MATCH (engine)-[:HAS_ROLE]->(r:Role) RETURN r.name }) AS engine_role

// What many commands share is read once: the rules of each workflow, and the roles of each actor.
UNWIND asked AS one
WITH engine, told_at, engine_role, one, one.item AS item
WITH engine, told_at, engine_role, item.workflow AS flow, collect(one) AS asked, collect(DISTINCT one.c.action) AS actions,
  collect(DISTINCT head(COLLECT { MATCH (item)-[:IN_STATE]->(s:State) RETURN s })) AS here
OPTIONAL MATCH (workflow:Workflow {name: flow})
WITH *, true AS further
// include: rules
UNWIND asked AS one
WITH engine, told_at, engine_role, flow, workflow {.version, .unadopted} AS workflow, rules,
  one.c.actor_id AS actor_id, one.c.engine AS by_engine, collect(one) AS asked
OPTIONAL MATCH (named:Actor {id: actor_id})
WITH *, CASE WHEN by_engine THEN engine ELSE named END AS actor, {workflow: flow} AS item
WITH *, CASE WHEN actor IS NULL THEN [] ELSE
    // include: roles
    + ['*']
  END AS roles
UNWIND asked AS one
WITH engine, told_at, engine_role, workflow, rules, actor, roles, one.c AS c, one.item AS item, one.story AS story
ORDER BY c.seq

// Commands of different items are decided side by side, and the second one of an item after the first. Where an item looks
// at another one of the batch, as a story does at its tasks, they are decided one by one.
WITH engine, told_at, engine_role, c.item_id AS id, item, collect({c: c, item: item, story: story, workflow: workflow, rules: rules, actor: actor, roles: roles}) AS asked
WITH engine, told_at, engine_role, collect(item) AS items, collect(asked) AS by_item
WITH engine, told_at, engine_role, by_item, any(item IN items WHERE
  item:Story AND EXISTS { MATCH (item)-[:HAS_TASK]->(other:Task) WHERE other IN items }
  OR EXISTS { MATCH (item)-[:DEPENDS_ON]->(other:Task) WHERE other IN items }) AS mixed
WITH engine, told_at, engine_role, reduce(all = [], asked IN by_item | all + [place IN range(0, size(asked) - 1) |
  {wave: CASE WHEN asked[place].c.dry THEN 0 WHEN mixed THEN asked[place].c.seq ELSE place END, of: asked[place]}]) AS asked
UNWIND asked AS one
WITH engine, told_at, engine_role, one.wave AS wave, collect(one.of) AS asked ORDER BY wave

CALL (engine, told_at, engine_role, asked) {
  UNWIND asked AS one
  WITH one, one.c AS c, one.item AS item, one.actor AS actor, engine, told_at, engine_role
  OPTIONAL MATCH (answered:Change {command_key: c.command_key})
  OPTIONAL MATCH (refused:Refusal {command_key: c.command_key})
  WITH *, coalesce(answered.fingerprint, refused.fingerprint) AS earlier, COLLECT { MATCH (item)-[:IN_STATE]->(s:State) RETURN s } AS states
  WITH *, head(states) AS state,
    CASE WHEN item IS NULL THEN [{code: 'UNKNOWN_ITEM'}] ELSE [] END
    + CASE WHEN actor IS NULL AND NOT c.anyone THEN [{code: 'UNKNOWN_ACTOR'}] ELSE [] END
    + CASE WHEN actor = engine AND NOT c.engine THEN [{code: 'ROLE_NOT_ALLOWED', builtin: true}] ELSE [] END
    + CASE WHEN item IS NOT NULL AND size(states) <> 1 THEN [{code: 'RULE_BROKEN', broken: 'state'}] ELSE [] END
    + CASE WHEN c.expected_version <> coalesce(item.version, 0) THEN [{code: 'STALE_VERSION', version: coalesce(item.version, 0)}] ELSE [] END
    // While its lock was waited for: another story is locked than the one it belongs to.
    + CASE WHEN item:Task AND NOT c.dry AND
        COLLECT { MATCH (parent:Story)-[:HAS_TASK]->(item) RETURN parent }[..1] <> [parent IN [one.story] WHERE parent IS NOT NULL]
      THEN [{moved: true}] ELSE [] END
      AS obstacles
  WITH *, size(obstacles) = 0 AND NOT c.dry AS may_apply,
    // A stale version does not hide the other reasons, but nothing may be applied.
    earlier IS NULL AND item IS NOT NULL AND size(states) = 1
      AND (c.anyone OR (actor IS NOT NULL AND (c.engine OR actor <> engine))) AS judged
  WITH engine, told_at, engine_role, one {
    .c, .item, .story, .workflow, .rules, .actor, .roles, earlier: earlier, obstacles: obstacles, may_apply: may_apply,
    state: state, version: CASE WHEN item IS NOT NULL THEN coalesce(item.version, 0) END, first: CASE WHEN c.action IS NULL THEN 1 ELSE 0 END, last: CASE
      WHEN NOT judged THEN -1
      WHEN NOT may_apply THEN 0
      ELSE reduce(most = 0, hops IN [r IN one.rules WHERE r.from = state AND CASE WHEN c.action IS NULL THEN r.runs OR r.by_engine ELSE r.action = c.action END
        | CASE WHEN r.hops <= size(r.then) THEN 0 ELSE r.hops END + CASE WHEN c.action IS NULL THEN 1 ELSE 0 END] | CASE WHEN hops > most THEN hops ELSE most END)
    END
  } AS one
  WITH engine, told_at, engine_role, collect(one) AS rows

  CALL (engine, told_at, engine_role, rows) {
    UNWIND range(0, reduce(most = -1, one IN rows | CASE WHEN one.last > most THEN one.last ELSE most END)) AS step
    CALL (engine, told_at, engine_role, rows, step) {
      UNWIND rows AS one
      WITH one, step, one.item AS item WHERE step >= one.first AND step <= one.last
      // Each hop adds one to the version, so a step finds nothing to do when the one before it did not move, or made its hop as well.
      WITH * WHERE coalesce(item.version, 0) = one.version + step - one.first
      MATCH (item)-[here:IN_STATE]->(state:State)
      WITH *, one.c AS c, one.actor AS actor, one.roles AS roles, one.rules AS rules
      CALL (c, item, actor, roles, step, state, rules) {
        // include: candidates
      }
      WITH collect({one: one, item: item, here: here, state: state, candidates: candidates,
        chosen: head([x IN candidates WHERE size(x.reasons) = 0])}) AS judged

      CALL (engine, told_at, engine_role, judged, step) {
        UNWIND [j IN judged WHERE j.one.may_apply AND j.chosen IS NOT NULL] AS j
        WITH engine, told_at, engine_role, step, j.one.c AS c, j.one.story AS story, j.one.workflow AS workflow, j.item AS item, j.here AS here,
          j.state AS left, j.state.name AS source, [j.chosen.r] + j.chosen.r.then AS rules, datetime.realtime() AS now, coalesce(j.item.version, 0) AS version,
          CASE WHEN step = 0 THEN j.one.actor ELSE engine END AS asker,
          CASE
            WHEN step > 0 THEN engine_role
            WHEN coalesce(j.chosen.role, '*') = '*' THEN head(j.one.roles)
            ELSE j.chosen.role
          END AS asker_role,
          CASE WHEN step = 0 THEN j.one.c.feedback END AS feedback
        WITH *, head(rules).t AS t, last(rules).to AS to, last(rules).target AS target
        OPTIONAL MATCH (item)-[latest:LATEST]->(previous:Change)
        DELETE here, latest
        CREATE (item)-[:IN_STATE]->(to)
        SET item.version = version + size(rules), item.updated_at = now, item.entered_at = now,
          item.rework = coalesce(item.rework, 0) + size([r IN rules WHERE r.t.rework = true]),
          // What was asked to be mended stays with the item until somebody hands in again.
          item.feedback = CASE WHEN step = 0 AND coalesce(t.rework, false) <> true THEN feedback
                               ELSE coalesce(feedback, item.feedback) END,
          item.started_at = CASE WHEN any(r IN rules WHERE r.target.kind = 'active') THEN coalesce(item.started_at, now) ELSE item.started_at END,
          item.done_at = CASE WHEN target.kind = 'final' AND coalesce(target.outcome, 'done') = 'done' THEN CASE
            // From one final state to another nothing is done once more.
            WHEN item.done_at IS NOT NULL AND left.kind = 'final' AND all(r IN rules WHERE r.target.kind = 'final') THEN item.done_at
            // Later than what was told of its story, also where the clock was set back.
            WHEN story.tasks_completed_at >= now THEN story.tasks_completed_at + duration({microseconds: 1})
            ELSE now
          END END
        WITH *
        CALL (item, t, asker) {
          WITH item, t, asker WHERE coalesce(t.claims, false) = true
          OPTIONAL MATCH (item)-[former:ASSIGNED_TO]->(:Actor)
          DELETE former
          CREATE (item)-[:ASSIGNED_TO]->(asker)
        }
        UNWIND range(0, size(rules) - 1) AS place
        WITH *, rules[place] AS r, version + place + 1 AS seq, step + place AS hop,
          CASE WHEN place = 0 THEN source ELSE rules[place - 1].target.name END AS from,
          CASE WHEN place = 0 THEN asker ELSE engine END AS doer, CASE WHEN place = 0 THEN asker_role ELSE engine_role END AS role,
          CASE WHEN place = 0 THEN feedback END AS said
        WITH *, r.t AS t, coalesce(r.automatic OR c.timer, false) AS automatic
        CREATE (change:Change {
          name: r.action, item_id: item.id, seq: seq, action: r.action, from: from, to: r.target.name,
          automatic: automatic, actor_id: doer.id, role: role, command_id: c.command_id,
          rule_version: workflow.version, unadopted: workflow.unadopted, at: now, feedback: said,
          inputs: CASE WHEN hop = 0 THEN c.inputs_json END,
          command_key: CASE WHEN hop = 0 THEN c.command_key END,
          answered_at: CASE WHEN hop = 0 AND c.command_key IS NOT NULL THEN now END,
          fingerprint: CASE WHEN hop = 0 THEN c.fingerprint END
        })
        MERGE (doer)-[fired:HAS_FIRED {action: r.action}]->(item)
        SET fired.times = coalesce(fired.times, 0) + 1, fired.last_at = now
        CREATE (event:OutboxEvent {
          outbox_id: randomUUID(), outbox_at: told_at, outbox_order: c.seq * 100 + hop * 2, item_id: item.id,
          subject: CASE WHEN item:Task THEN 'workflow.state.changed' ELSE 'planning.story.transitioned' END,
          task_id: CASE WHEN item:Task THEN item.id END,
          story_id: CASE WHEN item:Task THEN story.id ELSE item.id END,
          from_state: from, to_state: r.target.name, action: r.action, actor_id: doer.id, actor_role: role,
          automatic: automatic, version: seq, command_id: c.command_id, rule_version: workflow.version,
          feedback: said,
          transitioned_by: CASE WHEN item:Story THEN doer.id END,
          tasks: CASE WHEN item:Story THEN COLLECT {
            MATCH (item)-[:HAS_TASK]->(task:Task) RETURN task.id ORDER BY coalesce(task.rank, 0), task.id } END
        })
        FOREACH (decision_id IN CASE WHEN t.emits IS NULL THEN [] ELSE [randomUUID()] END |
          CREATE (doer)-[:DECIDED]->(:Decision {
            id: decision_id, name: r.action, kind: last(split(toStringOrNull(t.emits), '.')), action: r.action, item_id: item.id, seq: seq,
            decided_by: doer.id, comment: coalesce(said, ''), at: now
          })-[:ABOUT]->(item)
          CREATE (:OutboxEvent {
            outbox_id: randomUUID(), outbox_at: told_at, outbox_order: c.seq * 100 + hop * 2 + 1, item_id: item.id,
            subject: t.emits, story_id: CASE WHEN item:Task THEN story.id ELSE item.id END,
            task_id: CASE WHEN item:Task THEN item.id END,
            decision_id: decision_id, decided_by: doer.id, comment: coalesce(said, '')
          }))
        FOREACH (name IN coalesce(t.effects, []) |
          CREATE (effect:Effect) SET effect = properties(event), effect.effect_id = randomUUID(), effect.name = name,
            effect.inputs = change.inputs, effect.tries = 0, effect.due_at = now)
        WITH item, previous, collect({seq: c.seq, rule: r, change: change, hop: [r.action, from, r.target.name, automatic]}) AS hops
        FOREACH (newest IN [last(hops).change] | CREATE (item)-[:LATEST]->(newest))
        FOREACH (oldest IN [head(hops).change] |
          FOREACH (before IN CASE WHEN previous IS NULL THEN [] ELSE [previous] END | CREATE (oldest)-[:PREVIOUS]->(before)))
        FOREACH (pair IN [place IN range(1, size(hops) - 1) | [hops[place].change, hops[place - 1].change]] |
          FOREACH (later IN pair[..1] | FOREACH (before IN pair[1..] | CREATE (later)-[:PREVIOUS]->(before))))
        WITH hops
        UNWIND hops AS made
        RETURN collect(made) AS hops
      }
      RETURN hops + [j IN judged | {seq: j.one.c.seq,
        // Of what was done without any doubt nobody asks why.
        verdicts: CASE WHEN step = 0 AND NOT (j.one.may_apply AND all(x IN j.candidates WHERE size(x.reasons) = 0)) THEN [x IN j.candidates | {rule: x.rule, key: x.r.key, permitted: x.permitted, reasons: x.reasons}] END,
        pending: CASE WHEN step > 0 THEN reduce(names = [], x IN j.candidates | names + [y IN x.reasons WHERE y.plugin IS NOT NULL | y.plugin]) END}] AS parts
    }
    RETURN reduce(all = [], list IN collect(parts) | all + list) AS parts
  }
  UNWIND [one IN rows | {seq: one.c.seq, one: one}] + parts AS part
  WITH part.seq AS seq, head(collect(part.one)) AS one, collect(part.hop) AS hops, last(collect(part.rule)) AS rule,
    head(collect(part.change)) AS change, coalesce(head(collect(part.verdicts)), []) AS verdicts, coalesce(last(collect(part.pending)), []) AS pending
  WITH collect({seq: seq, one: one, hops: hops, rule: rule, change: change, verdicts: verdicts, pending: pending}) AS answers
  WITH answers, [a IN answers WHERE a.rule IS NOT NULL | {seq: a.seq, item: a.one.item, story: a.one.story, state: a.rule.target,
    awaited: a.rule.awaited, due_after: a.rule.due_after, first: CASE WHEN a.one.c.command_key IS NOT NULL AND a.one.c.action IS NOT NULL THEN a.change END}] AS resting
  // include: rest
  // Most stories have nothing that waits to be begun, so nobody need look again.
  CALL (resting) {
    UNWIND resting AS x
    WITH DISTINCT x.story AS story
    WHERE story.released = true AND EXISTS { (story)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(:State {kind: 'initial'}) }
    RETURN collect(story.id) AS waiting
  }
  UNWIND answers AS a
  WITH waiting, a, a.one AS one, a.one.c AS c, a.one.item AS item, a.one.story AS story, a.rule AS rule
  // Lists, because the names of maps would be most of what is sent; graph/deciding.py names the places.
  RETURN [
    c.seq, one.earlier, a.hops, a.verdicts, a.pending, coalesce(rule.awaited, []), one.version + size(a.hops), one.state.name, one.state.kind,
    // An action that meets no rule here may be one that no rule of the workflow knows.
    one.obstacles + CASE WHEN size(a.hops) > 0 OR size(a.verdicts) > 0 OR item IS NULL OR c.action IS NULL OR EXISTS {
        MATCH (:Action {name: c.action})<-[:ON]-(:Transition {workflow: item.workflow})
      } OR EXISTS {
        MATCH (item)-[:IN_STATE]->(:State)<-[:FROM]-(:Transition)-[:ON]->(:Action {name: c.action})
      } THEN [] ELSE [{code: 'UNKNOWN_ACTION'}] END,
    // Whose next work may begin: that of its story, and when it is closed, of the stories of those that depend on it.
    CASE WHEN rule IS NULL THEN [] ELSE CASE WHEN story.id IN waiting THEN [story.id] ELSE [] END
      + CASE WHEN rule.target.kind = 'final' THEN COLLECT { MATCH (item)<-[:DEPENDS_ON]-(:Task)<-[:HAS_TASK]-(other:Story) RETURN DISTINCT other.id } ELSE [] END
    END
  ] AS answer
}
WITH told_at, answer ORDER BY answer[0]
RETURN toString(told_at) AS told_at, collect(answer) AS answers
