// The ids of events are made at random, and nothing looks for them: keeping them unique cost an action more than its state.
DROP CONSTRAINT outbox_id IF EXISTS;
