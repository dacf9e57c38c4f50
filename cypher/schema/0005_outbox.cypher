// The ids of events are made at random, and nothing looks for them; to keep them unique costs every action.
DROP CONSTRAINT outbox_id IF EXISTS;
