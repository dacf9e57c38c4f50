// What is unique, and what is found by an index.
CREATE CONSTRAINT workflow_name IF NOT EXISTS FOR (n:Workflow) REQUIRE n.name IS UNIQUE;
CREATE CONSTRAINT action_name IF NOT EXISTS FOR (n:Action) REQUIRE n.name IS UNIQUE;
CREATE CONSTRAINT role_name IF NOT EXISTS FOR (n:Role) REQUIRE n.name IS UNIQUE;
CREATE CONSTRAINT actor_id IF NOT EXISTS FOR (n:Actor) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT item_id IF NOT EXISTS FOR (n:Item) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT epic_id IF NOT EXISTS FOR (n:Epic) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT story_id IF NOT EXISTS FOR (n:Story) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT task_id IF NOT EXISTS FOR (n:Task) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT sprint_id IF NOT EXISTS FOR (n:Sprint) REQUIRE n.id IS UNIQUE;
CREATE CONSTRAINT change_command IF NOT EXISTS FOR (n:Change) REQUIRE n.command_key IS UNIQUE;
CREATE CONSTRAINT refusal_command IF NOT EXISTS FOR (n:Refusal) REQUIRE n.command_key IS UNIQUE;
CREATE CONSTRAINT draft_workflow IF NOT EXISTS FOR (n:RuleDraft) REQUIRE n.workflow IS UNIQUE;
CREATE CONSTRAINT rule_version IF NOT EXISTS FOR (n:RuleVersion) REQUIRE n.key IS UNIQUE;
CREATE INDEX state_name IF NOT EXISTS FOR (n:State) ON (n.name);
CREATE INDEX change_of_item IF NOT EXISTS FOR (n:Change) ON (n.item_id, n.seq);
CREATE INDEX outbox_order IF NOT EXISTS FOR (n:OutboxEvent) ON (n.outbox_at);
