// Which answers are the oldest, for those who forget them.
CREATE INDEX refusal_at IF NOT EXISTS FOR (n:Refusal) ON (n.at);
CREATE INDEX change_answered IF NOT EXISTS FOR (n:Change) ON (n.answered_at);
