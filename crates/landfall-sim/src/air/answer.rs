//! Answers to commands: rows of JSON for programs and people, and a last line that says whether
//! it went well.

mod rows;

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use landfall_core::led::Pattern;
use serde::{Deserialize, Serialize};

use super::Air;
use super::command::AirCommand;

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Rows for standard output, each a line of JSON.
    pub rows: Vec<String>,
    /// What went wrong; none: nothing did.
    pub error: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Verdict {
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    error: Option<String>,
}

impl Answer {
    /// It is done, and there is nothing to say.
    pub fn done() -> Self {
        Self::default()
    }

    /// It went wrong; says what and what to do.
    pub fn error(error: impl ToString) -> Self {
        Self {
            rows: Vec::new(),
            error: Some(error.to_string()),
        }
    }

    /// It is done, and this is to be shown.
    pub fn row(row: &impl Serialize) -> Self {
        Self {
            rows: vec![line(row)],
            error: None,
        }
    }

    /// As it goes over the socket, each line with its end.
    pub fn to_wire(&self) -> String {
        let verdict = line(&Verdict {
            ok: self.error.is_none(),
            error: self.error.clone(),
        });
        let lines = self.rows.iter().chain([&verdict]);
        lines.flat_map(|line| [line.as_str(), "\n"]).collect()
    }

    /// From what came over the socket; none: it is cut off.
    pub fn from_wire(text: &str) -> Option<Self> {
        let mut rows: Vec<String> = text.lines().map(str::to_owned).collect();
        let verdict: Verdict = serde_json::from_str(&rows.pop()?).ok()?;
        let error = verdict.error.filter(|_| !verdict.ok);
        Some(Self { rows, error })
    }
}

/// How an LED is: `{"pattern":"fast","on":true}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LedRow {
    /// `fast`, `slow`, `solid` or `off`.
    pub pattern: &'static str,
    /// Whether it is lit at the moment.
    pub on: bool,
}

/// Blinks of at most this half-period are fast ones, in milliseconds: between the 125 of an access
/// point and the 400 of connecting.
const FAST_UP_TO_MS: u16 = 250;

impl LedRow {
    /// The row of a pattern that began `shown_ms` ago; patterns begin with the LED lit.
    pub fn of(pattern: Pattern, shown_ms: u64) -> Self {
        match pattern {
            Pattern::Dark => Self {
                pattern: "off",
                on: false,
            },
            Pattern::Solid => Self {
                pattern: "solid",
                on: true,
            },
            Pattern::Blink { half_period_ms } => Self {
                pattern: if half_period_ms <= FAST_UP_TO_MS {
                    "fast"
                } else {
                    "slow"
                },
                on: (shown_ms / u64::from(half_period_ms.max(1))).is_multiple_of(2),
            },
        }
    }
}

impl Air {
    /// Carries out a command.
    pub fn obey(&mut self, command: &AirCommand, now_ms: u64) -> Answer {
        match command {
            AirCommand::Ap(name, change) => {
                if self.change(name, change, now_ms) {
                    Answer::done()
                } else {
                    Answer::error(format_args!(
                        "no access point has the name {name:?}; see `list`"
                    ))
                }
            }
            AirCommand::PhoneJoin { ssid, password } => {
                match self.phone_join(ssid, password, now_ms) {
                    Ok(()) => Answer::done(),
                    Err(error) => Answer::error(error),
                }
            }
            AirCommand::PhoneLeave => {
                if self.phone_leave(now_ms) {
                    Answer::done()
                } else {
                    Answer::error("the phone has joined no access point")
                }
            }
            AirCommand::Log => {
                self.advance(now_ms);
                let rows = self.log().map(|entry| line(&self.log_row(entry)));
                Answer {
                    rows: rows.collect(),
                    error: None,
                }
            }
            AirCommand::List => {
                self.advance(now_ms);
                let routers = (0..self.aps.len()).map(|place| line(&self.router_list_row(place)));
                let devices = self.devices().map(|device| line(&self.device_row(device)));
                Answer {
                    rows: routers.chain(devices).collect(),
                    error: None,
                }
            }
        }
    }
}

/// Rows hold nothing but text, numbers and booleans, of which serialization cannot fail.
fn line(row: &impl Serialize) -> String {
    serde_json::to_string(row).unwrap_or_default()
}
