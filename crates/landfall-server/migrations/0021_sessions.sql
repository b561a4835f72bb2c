-- Sessions and the devices that they hold.

CREATE TABLE sessions (
    id {ID},
    course_id BIGINT NOT NULL REFERENCES courses (id),
    session TEXT NOT NULL,
    semester TEXT NOT NULL,
    lecturer TEXT NOT NULL,
    ssid TEXT NOT NULL,
    device_id TEXT NOT NULL,
    device_name TEXT NOT NULL,
    location TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    ends_at BIGINT,
    ended_at BIGINT,
    zone TEXT NOT NULL,
    late_after_s BIGINT NOT NULL,
    code_secret TEXT,
    passphrase TEXT,
    wanted BIGINT NOT NULL,
    room TEXT,
    choice TEXT NOT NULL
);
-- Two running sessions never share an SSID.
CREATE UNIQUE INDEX sessions_by_running_ssid ON sessions (ssid) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_class ON sessions (course_id, session, semester);
CREATE INDEX sessions_by_lecturer ON sessions (lecturer);

-- Leases: the id is the fence. One without an end is held, and a device is held once.
CREATE TABLE session_devices (
    id {ID},
    session_id BIGINT NOT NULL REFERENCES sessions (id),
    hardware_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    state TEXT NOT NULL,
    capacity BIGINT NOT NULL,
    held_from BIGINT NOT NULL,
    held_until BIGINT
);
CREATE UNIQUE INDEX session_devices_held ON session_devices (hardware_id) WHERE held_until IS NULL;
CREATE INDEX session_devices_by_session ON session_devices (session_id, hardware_id);

-- Every id that was handed out for a session leads back to its device, for ever.
CREATE TABLE dynamic_ids (
    device_id TEXT PRIMARY KEY,
    base TEXT NOT NULL,
    hardware_id TEXT NOT NULL,
    UNIQUE (base, hardware_id)
);
