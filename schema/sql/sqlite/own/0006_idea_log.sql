-- Every plan document that an idea got, without its text.
CREATE TABLE bootstrap_idea_log (
    idea_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    former_status TEXT NOT NULL,
    characters INTEGER NOT NULL,
    PRIMARY KEY (idea_id, number)
);
