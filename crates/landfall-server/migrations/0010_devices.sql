-- Devices, their keys, and what is known of them.

CREATE TABLE devices (
    hardware_id TEXT PRIMARY KEY,
    -- The id by which it goes outside sessions.
    own_id TEXT NOT NULL,
    name TEXT,
    -- A JSON array of texts.
    labels TEXT NOT NULL,
    room TEXT,
    legacy BIGINT NOT NULL,
    -- pending, accepted or retired
    enrolment TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Counts up with every change of what is rendered for it.
    config_version BIGINT NOT NULL,
    config_hash TEXT NOT NULL,
    -- The fleet's revision that the version was judged by.
    config_revision BIGINT NOT NULL
);
CREATE INDEX devices_by_config ON devices (config_revision);

CREATE TABLE device_keys (
    id {ID},
    hardware_id TEXT NOT NULL REFERENCES devices (hardware_id) ON DELETE CASCADE,
    secret {BYTES} NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT,
    -- The device has yet to be told it.
    undelivered BIGINT NOT NULL
);
CREATE INDEX device_keys_by_device ON device_keys (hardware_id);

CREATE TABLE device_alerts (
    id {ID},
    hardware_id TEXT NOT NULL REFERENCES devices (hardware_id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL
);
CREATE INDEX device_alerts_by_device ON device_alerts (hardware_id);

CREATE TABLE device_events (
    id {ID},
    hardware_id TEXT NOT NULL REFERENCES devices (hardware_id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    -- As the device told it, JSON.
    event TEXT NOT NULL
);
CREATE INDEX device_events_by_device ON device_events (hardware_id, id);

-- Written once a second for the devices that were heard in it.
CREATE TABLE presence (
    hardware_id TEXT PRIMARY KEY REFERENCES devices (hardware_id) ON DELETE CASCADE,
    last_seen BIGINT NOT NULL,
    -- The highest number of a heartbeat, and the key that it came with.
    seq BIGINT,
    seq_key BIGINT NOT NULL,
    -- What it was told to wait until its next heartbeat.
    next_ms BIGINT NOT NULL,
    -- What it said of itself, JSON.
    report TEXT NOT NULL,
    written_at BIGINT NOT NULL,
    written_by BIGINT NOT NULL
);
CREATE INDEX presence_by_time ON presence (written_at);

-- When a server was last there to hear devices.
CREATE TABLE presence_watch (
    one BIGINT PRIMARY KEY,
    at BIGINT NOT NULL
);

CREATE TABLE claims (
    id TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    labels TEXT NOT NULL,
    room TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    wrong BIGINT NOT NULL,
    -- Who used it, and the nonces of both sides.
    hardware_id TEXT,
    used_at BIGINT,
    device_nonce TEXT,
    server_nonce TEXT
);
