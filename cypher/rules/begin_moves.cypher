// Notes that the items of states that go away are to be moved. From here on such a state is no part of its workflow: no rule
// leads into it or out of it. $name, $moves: [{from, to, items}], $version, $confirm.
MATCH (workflow:Workflow {name: $name})
UNWIND $moves AS row
MATCH (workflow)-[:HAS_STATE]->(new:State {name: row.to})
MATCH (workflow)-[has:HAS_STATE]->(old:State {name: row.from})
DELETE has
SET old.awaits = null, old.armed = null
CREATE (move:RuleMove {
  name: row.from + ' to ' + row.to, workflow: $name, from: row.from, to: row.to, items: row.items, version: $version, confirm: $confirm,
  at: datetime.realtime()
})
CREATE (move)-[:OUT_OF]->(old)
CREATE (move)-[:INTO]->(new)
WITH workflow, old
MATCH (workflow)<-[:FROM_ANY]-(t:Transition)
CREATE (t)-[:EXCEPT]->(old)
