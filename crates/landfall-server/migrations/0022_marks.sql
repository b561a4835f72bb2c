-- Who was there. Entries are added and never changed, but for what a person's erasure and the end
-- of a day take out of them; a student's newest one counts.

CREATE TABLE mark_entries (
    id {ID},
    session_id BIGINT NOT NULL REFERENCES sessions (id),
    matric TEXT NOT NULL,
    matric_key TEXT NOT NULL,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    reason TEXT NOT NULL,
    marked_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    hardware_id TEXT,
    entered_by TEXT,
    flags TEXT NOT NULL,
    station TEXT
);
-- A student marks once in a session, however often the phone asks and over whichever device.
CREATE UNIQUE INDEX mark_entries_of_devices ON mark_entries (session_id, matric_key)
    WHERE source = 'device';
CREATE INDEX mark_entries_by_student ON mark_entries (matric_key);
CREATE INDEX mark_entries_in_order ON mark_entries (session_id, matric_key, id);
CREATE INDEX mark_entries_with_evidence ON mark_entries (session_id, station)
    WHERE station IS NOT NULL;

-- What a device was answered to a mark: the same id gets the same answer.
CREATE TABLE mark_receipts (
    hardware_id TEXT NOT NULL,
    mark_id TEXT NOT NULL,
    result TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (hardware_id, mark_id)
);
CREATE INDEX mark_receipts_by_time ON mark_receipts (at);

-- Students whose mark came from a phone that marked for another one too.
CREATE TABLE shared_phones (
    session_id BIGINT NOT NULL REFERENCES sessions (id),
    matric_key TEXT NOT NULL,
    PRIMARY KEY (session_id, matric_key)
);
