// The order of the backlog, and the words of titles and descriptions.
CREATE INDEX story_rank IF NOT EXISTS FOR (n:Story) ON (n.rank_key);
CREATE FULLTEXT INDEX item_text IF NOT EXISTS FOR (n:Epic|Story|Task) ON EACH [n.title, n.description];
