// Which of these stories are released and have tasks that are not begun. $ids.
UNWIND $ids AS id
MATCH (story:Story {id: id, released: true})
WHERE EXISTS { (story)-[:HAS_TASK]->(:Task)-[:IN_STATE]->(:State {kind: 'initial'}) }
RETURN id ORDER BY id
