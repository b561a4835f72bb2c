//! Marks of attendance on their way from a heartbeat to who judges them.

use super::report::ReportedMark;
use crate::app::App;
use crate::database::DatabaseError;

/// A heartbeat, as far as its marks are judged by it.
#[derive(Clone, Debug)]
#[expect(dead_code, reason = "for who judges them")]
pub(crate) struct Delivery {
    /// The device that is known by the request's credentials.
    pub(crate) hardware_id: String,
    /// When it arrived, in milliseconds since 1970.
    pub(crate) received_at: i64,
    pub(crate) boot_id: Option<String>,
    pub(crate) uptime_ms: Option<u64>,
}

/// What became of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkResult {}

impl MarkResult {
    /// The word on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {}
    }
}

/// Judges and enters marks; what became of each.
pub(crate) async fn intake(
    _app: &App,
    _delivery: Delivery,
    _marks: Vec<ReportedMark>,
) -> Result<Vec<(String, MarkResult)>, DatabaseError> {
    Ok(Vec::new())
}
