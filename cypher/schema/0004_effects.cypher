// What effects wait, and are found by.
CREATE CONSTRAINT effect_id IF NOT EXISTS FOR (n:Effect) REQUIRE n.effect_id IS UNIQUE;
CREATE INDEX effect_due IF NOT EXISTS FOR (n:Effect) ON (n.due_at);
