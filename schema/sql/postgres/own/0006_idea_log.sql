-- Every plan document that an idea got, without its text.
CREATE TABLE bootstrap_idea_log (
    idea_id text NOT NULL,
    number bigint NOT NULL,
    at timestamp(3) NOT NULL,
    actor text NOT NULL,
    former_status text NOT NULL,
    characters bigint NOT NULL,
    PRIMARY KEY (idea_id, number)
);
