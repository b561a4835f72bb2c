-- What devices are told: layers, their history, and roll-outs.

-- The layer in force of each scope, secrets in clear; JSON.
CREATE TABLE config_layers (
    scope TEXT PRIMARY KEY,
    revision BIGINT NOT NULL,
    content TEXT NOT NULL
);

CREATE TABLE config_history (
    scope TEXT NOT NULL,
    revision BIGINT NOT NULL,
    content TEXT NOT NULL,
    author TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (scope, revision)
);

CREATE TABLE rollouts (
    id {ID},
    label TEXT,
    ssid TEXT NOT NULL,
    password TEXT NOT NULL,
    -- A JSON array of percents.
    stages TEXT NOT NULL,
    stop_at_failed_percent BIGINT NOT NULL,
    -- running, stopped or done
    state TEXT NOT NULL,
    -- The stage that runs, from 0.
    stage BIGINT NOT NULL,
    stage_since BIGINT NOT NULL,
    reason TEXT,
    created_at BIGINT NOT NULL
);

CREATE TABLE rollout_devices (
    rollout_id BIGINT NOT NULL REFERENCES rollouts (id) ON DELETE CASCADE,
    hardware_id TEXT NOT NULL REFERENCES devices (hardware_id) ON DELETE CASCADE,
    stage BIGINT NOT NULL,
    -- waiting, sent, proven, rolled_back or timed_out
    state TEXT NOT NULL,
    reason TEXT,
    since BIGINT NOT NULL,
    PRIMARY KEY (rollout_id, hardware_id)
);
CREATE INDEX rollout_devices_by_device ON rollout_devices (hardware_id);
CREATE INDEX rollout_devices_by_state ON rollout_devices (state, since);
