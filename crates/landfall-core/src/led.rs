//! What the LED shows: patterns as data, so that a board may replace the table.

/// How the LED lights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Never.
    Dark,
    /// Always.
    Solid,
    /// On and off for this long each, beginning with on.
    Blink {
        /// Milliseconds on, and milliseconds off.
        half_period_ms: u16,
    },
}
