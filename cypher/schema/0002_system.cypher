// The built-in actor, whose commands come from the engine itself and from nowhere else.
MERGE (role:Role {name: 'system'}) SET role.builtin = true
MERGE (actor:Actor {id: 'stategate'}) SET actor:System, actor.name = 'stategate', actor.kind = 'service'
MERGE (actor)-[:HAS_ROLE]->(role);
// Every known actor has this role without an edge of its own.
MERGE (anyone:Role {name: '*'}) SET anyone.builtin = true;
