-- One row: which of the database's lives the status lists belong to. A restore draws another number, so that nobody
-- reads places that are given again in lists from before.
CREATE TABLE status_series (
    "only" BIGINT NOT NULL PRIMARY KEY CHECK ("only" = 1),
    series BIGINT NOT NULL
);

INSERT INTO status_series ("only", series) VALUES (1, 0);
