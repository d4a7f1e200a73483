-- Failed sign-ins, so that every instance of the service counts them and a
-- restart forgives nothing. A key is a SHA-256 that says nothing of the account
-- or the network: people type passwords into the wrong field.
CREATE TABLE sign_in_failures (
    key    text   NOT NULL PRIMARY KEY CHECK (length(key) = 64),
    n      bigint NOT NULL CHECK (n > 0),
    last   bigint NOT NULL,
    locked bigint NOT NULL,
    forget bigint NOT NULL
);

CREATE INDEX sign_in_failures_forget ON sign_in_failures (forget);
