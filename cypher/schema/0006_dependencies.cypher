// Whoever edits what depends on what takes this one lock first: docs/adr/0006-one-lock-for-dependencies.md.
CREATE CONSTRAINT lock_name IF NOT EXISTS FOR (n:Lock) REQUIRE n.name IS UNIQUE;
// What was asked of derivers outside.
CREATE CONSTRAINT derivation_request_id IF NOT EXISTS FOR (n:DerivationRequest) REQUIRE n.id IS UNIQUE;
