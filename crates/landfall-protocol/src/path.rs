//! Where a device asks its server, and what it writes above the bodies.

/// Where a device enrols, by `POST`.
pub const ENROLL: &str = "/api/v1/enroll";
/// Where a device beats, by `POST`.
pub const HEARTBEAT: &str = "/api/v1/heartbeat";
/// Where the firmware that has no key beats, by `POST`: the path of the server that came before.
pub const LEGACY_HEARTBEAT: &str = "/admin-panel/api/esp32/heartbeat/";

/// The header that names the device of a sealed request: its hardware id.
pub const DEVICE_HEADER: &str = "X-Landfall-Device";
/// The header with the sequence number of a sealed request, in decimal digits.
pub const SEQ_HEADER: &str = "X-Landfall-Seq";
/// `Content-Type` of a sealed body, of requests and answers alike.
pub const SEALED_TYPE: &str = "application/landfall-sealed";
/// `Content-Type` of a plain body.
pub const JSON_TYPE: &str = "application/json";

/// Largest body of a heartbeat, in bytes as sent.
pub const HEARTBEAT_MAX: usize = 8 * 1024;
/// Longest time that a device may ask the server to hold its answer back for
/// (`Prefer: wait=25`), in seconds; the shortest is one.
pub const WAIT_MAX_S: u32 = 25;
