// What the last actions on an item left in the graph: the item, its changes after a version, its waiting events, and its
// edges with those of the changes, by type. $id, $after.
MATCH (item:Item {id: $id})-[:IN_STATE]->(state:State)
USING INDEX SEEK item:Item(id)
RETURN properties(item) AS item, state.name AS state,
  COLLECT {
    MATCH (change:Change {item_id: $id}) WHERE change.seq > $after
    RETURN properties(change) ORDER BY change.seq } AS changes,
  COLLECT {
    MATCH (event:OutboxEvent) WHERE event.item_id = $id
    RETURN properties(event) ORDER BY event.outbox_order } AS events,
  COLLECT {
    MATCH (actor:Actor)-[fired:HAS_FIRED]->(item)
    RETURN {actor_id: actor.id, action: fired.action, times: fired.times} ORDER BY actor.id, fired.action } AS fired,
  COLLECT { MATCH (item)-[edge]-() RETURN type(edge) ORDER BY type(edge) }
  + COLLECT {
    MATCH (later:Change {item_id: $id})-[edge:PREVIOUS]->(:Change {item_id: $id, seq: later.seq - 1}) WHERE later.seq > $after
    RETURN type(edge) } AS edges
