//! Scenarios: one behaviour each, as a text file that people read and write.
//!
//! ```text
//! # A wrong key is told within 8 s.
//! know HomeNetwork Password2
//! policy fallback
//! at 20000 join HomeNetwork wrong-password
//! until 40000
//! ---
//! [[ap]]
//! ssid = "HomeNetwork"
//! password = "Password2"
//! ```
//!
//! Above the line stands what the device knows and what happens to it, below it the air, in the
//! form of an air file.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use landfall_core::config::{Mode, StartPolicy, Wifi};
use landfall_core::manager::LastGood;
use landfall_core::net::{Channel, Ipv4Net, Mac};

use super::action::{self, Action};
use super::invariants::Violation;
use super::{Start, World};
use crate::air::file::{AirFile, AirFileError};

/// A scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What the device knows when it boots.
    pub wifi: Wifi,
    /// How else it starts.
    pub start: Start,
    /// Seed of the device's own jitter.
    pub seed: u64,
    /// What happens, in order of time.
    pub actions: Vec<(u64, Action)>,
    /// When it ends.
    pub until_ms: u64,
    /// The air, as text and as values.
    pub air_text: String,
    /// See `air_text`.
    pub air: AirFile,
}

/// Why a text is no scenario.
#[derive(Debug)]
pub enum ScenarioError {
    /// A line that says nothing known.
    Line {
        /// Which, from 1.
        number: usize,
        /// What it says.
        line: String,
    },
    /// The part below the line is no air.
    Air(AirFileError),
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { number, line } => write!(f, "line {number}: `{line}` says nothing known"),
            Self::Air(error) => error.fmt(f),
        }
    }
}

impl Scenario {
    /// From the text of a scenario file of that name.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        let (head, air_text) = text.split_once("\n---\n").unwrap_or((text, ""));
        let air = AirFile::parse(name, air_text).map_err(ScenarioError::Air)?;
        let mut scenario = Self {
            wifi: Wifi::default(),
            start: Start::default(),
            seed: 1,
            actions: Vec::new(),
            until_ms: 60_000,
            air_text: air_text.to_owned(),
            air,
        };
        for (i, line) in head.lines().enumerate() {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') && scenario.take(line).is_none() {
                return Err(ScenarioError::Line {
                    number: i + 1,
                    line: line.to_owned(),
                });
            }
        }
        scenario.actions.sort_by_key(|(at_ms, _)| *at_ms);
        Ok(scenario)
    }

    fn take(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once(' ')?;
        let station = &mut self.wifi.station;
        match word {
            "at" => {
                let (at_ms, action) = rest.split_once(' ')?;
                self.actions
                    .push((at_ms.parse().ok()?, Action::parse(action)?));
            }
            "know" => {
                let words: Vec<&str> = rest.split_whitespace().collect();
                let network = action::parse_network(&words)?;
                self.wifi.networks.push(network).ok()?;
            }
            "start" => match rest {
                "safe_mode" => self.start.safe_mode = true,
                "probe_internet" => self.start.probe_internet = true,
                _ => return None,
            },
            "last_good" => {
                let (bssid, channel) = rest.split_once(' ')?;
                self.start.last_good = Some(LastGood {
                    bssid: Mac::parse(bssid.as_bytes())?,
                    channel: Channel::new(channel.parse().ok()?)?,
                });
            }
            "ap_address" => self.wifi.ap.address = Ipv4Net::parse(rest)?,
            "ap_channel" => self.wifi.ap.channel = Some(Channel::new(rest.parse().ok()?)?),
            "policy" => self.wifi.ap.start_policy = StartPolicy::parse(rest)?,
            "mode" => self.wifi.mode = Mode::parse(rest)?,
            "until" => self.until_ms = rest.parse().ok()?,
            "seed" => self.seed = rest.parse().ok()?,
            "connect_timeout_ms" => station.connect_timeout_ms = rest.parse().ok()?,
            "max_retry" => station.max_retry = rest.parse().ok()?,
            "fallback_deadline_ms" => station.fallback_deadline_ms = rest.parse().ok()?,
            _ => return None,
        }
        Some(())
    }

    /// The world in which it plays.
    pub fn world(&self) -> World {
        World::starting(self.air.clone(), self.wifi.clone(), self.seed, self.start)
    }

    /// Plays it to its end, or to the first violation.
    pub fn play(&self, world: &mut World) -> Result<(), Violation> {
        world.begin()?;
        for (at_ms, action) in &self.actions {
            if *at_ms > self.until_ms {
                break;
            }
            world.run_until(*at_ms)?;
            world.act(action)?;
        }
        world.run_until(self.until_ms)
    }
}

/// Writes the text that [`Scenario::parse`] reads.
impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for network in &self.wifi.networks {
            f.write_str("know ")?;
            action::write_network(f, network)?;
            writeln!(f)?;
        }
        writeln!(f, "mode {}", self.wifi.mode)?;
        writeln!(f, "policy {}", self.wifi.ap.start_policy.name())?;
        let station = &self.wifi.station;
        writeln!(f, "connect_timeout_ms {}", station.connect_timeout_ms)?;
        writeln!(f, "max_retry {}", station.max_retry)?;
        writeln!(f, "fallback_deadline_ms {}", station.fallback_deadline_ms)?;
        if self.wifi.ap.address != Ipv4Net::AP_DEFAULT {
            writeln!(f, "ap_address {}", self.wifi.ap.address)?;
        }
        if let Some(channel) = self.wifi.ap.channel {
            writeln!(f, "ap_channel {}", channel.number())?;
        }
        if self.start.safe_mode {
            writeln!(f, "start safe_mode")?;
        }
        if self.start.probe_internet {
            writeln!(f, "start probe_internet")?;
        }
        if let Some(LastGood { bssid, channel }) = self.start.last_good {
            writeln!(f, "last_good {bssid} {}", channel.number())?;
        }
        writeln!(f, "seed {}", self.seed)?;
        for (at_ms, action) in &self.actions {
            writeln!(f, "at {at_ms} {action}")?;
        }
        writeln!(f, "until {}", self.until_ms)?;
        write!(f, "---\n{}", self.air_text)
    }
}
