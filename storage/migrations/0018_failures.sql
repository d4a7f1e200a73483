-- Failed sign-ins, so that every instance of the service counts them and a
-- restart forgives nothing. A key is a SHA-256 that says nothing of the account
-- or the network: people type passwords into the wrong field.
CREATE TABLE sign_in_failures (
    key    TEXT    NOT NULL PRIMARY KEY CHECK (length(key) = 64),
    n      INTEGER NOT NULL CHECK (n > 0),
    last   INTEGER NOT NULL,
    locked INTEGER NOT NULL,
    forget INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_in_failures_forget ON sign_in_failures (forget);
