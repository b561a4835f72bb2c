-- People, how they are known, and what they did.

CREATE TABLE users (
    id {ID},
    username TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    name TEXT NOT NULL,
    matric TEXT,
    enabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Browsers that are logged in, by the hash of their cookie.
CREATE TABLE logins (
    token_hash {BYTES} PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX logins_by_user ON logins (user_id);
CREATE INDEX logins_by_end ON logins (expires_at);

-- Wrong passwords of the last minute.
CREATE TABLE login_failures (
    id {ID},
    at BIGINT NOT NULL,
    address TEXT NOT NULL,
    username TEXT NOT NULL
);
CREATE INDEX login_failures_by_time ON login_failures (at);

CREATE TABLE tokens (
    id {ID},
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    token_hash {BYTES} NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
CREATE INDEX tokens_by_user ON tokens (user_id);

CREATE TABLE audit (
    seq {ID},
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    detail TEXT NOT NULL
);

-- The fleet's settings; one that is missing has its default.
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

-- Answers to creating requests, for who asks again with the same key.
CREATE TABLE idempotency (
    owner TEXT NOT NULL,
    path TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_hash {BYTES} NOT NULL,
    -- Whether the answer opens for the credential alone that asked.
    sealed BIGINT NOT NULL,
    answer {BYTES} NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (owner, path, idempotency_key)
);
CREATE INDEX idempotency_by_time ON idempotency (at);
