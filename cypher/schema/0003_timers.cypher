// What timers look for, and the one who looks.
CREATE INDEX item_due IF NOT EXISTS FOR (n:Item) ON (n.due_at);
CREATE INDEX item_look IF NOT EXISTS FOR (n:Item) ON (n.look_at);
CREATE CONSTRAINT lease_name IF NOT EXISTS FOR (n:Lease) REQUIRE n.name IS UNIQUE;
// Whoever holds this role may be told of roles to grant.
MERGE (admin:Role {name: 'admin'}) SET admin.administers = true;
