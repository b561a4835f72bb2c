//! Where devices and sessions meet: what a device is told of its session, and what is known of
//! every device when one is picked.

/// What a device in a session is told of it.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionSettings {
    /// The session.
    pub session_id: i64,
    /// The course's code.
    pub course_code: String,
    /// The course's title.
    pub course_title: String,
    /// The academic session, `2024/2025`.
    pub session: String,
    /// The semester.
    pub semester: String,
    /// The id that this device takes for the session.
    pub device_id: String,
    /// What people call it meanwhile.
    pub device_name: String,
    /// Where it is meanwhile.
    pub location: String,
    /// The access point's name.
    pub ssid: String,
    /// The access point's passphrase; `""`: open.
    pub password: String,
    /// Who holds the session.
    pub lecturer: String,
    /// Whether a mark needs the rotating code.
    pub needs_code: bool,
    /// The number of the device's lease; it only grows.
    pub fence: i64,
}

impl std::fmt::Debug for SessionSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "SessionSettings({}, {:?}, fence {}, ***)",
            self.session_id, self.ssid, self.fence
        )
    }
}

/// A device that is not retired, as far as picking one for a session goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The device.
    pub hardware_id: String,
    /// Whether an admin accepted it, or still has to.
    pub accepted: bool,
    /// Whether it may be used.
    pub enabled: bool,
    /// Whether it ever beat.
    pub seen: bool,
    /// Whether it beat lately.
    pub online: bool,
    /// The session it is in.
    pub session_id: Option<i64>,
    /// The room where it stands.
    pub room: Option<String>,
    /// How many stations its access point takes, where it said so.
    pub station_capacity: Option<u16>,
    /// How many are with it.
    pub stations: u16,
    /// The strength of its own link, in dBm.
    pub rssi: Option<i8>,
    /// Its last heartbeat, in milliseconds since 1970.
    pub last_seen: Option<i64>,
}
