//! What happened in a world, a line each: milliseconds, and what. What users, routers and fate do
//! stands behind a `>`.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use core::fmt::Write as _;

use landfall_core::radio::RadioOp;
use landfall_core::status::{Internet, Status};

/// The journal of a world.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal {
    text: String,
    /// Up to where it was looked through for secrets.
    searched: usize,
}

impl Journal {
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn line(&mut self, now_ms: u64, what: &str) {
        // Writing into a string does not fail.
        let _ = writeln!(self.text, "{now_ms:>8} {what}");
    }

    /// The first line since the last search that holds one of these words, what users say
    /// themselves left aside.
    pub(super) fn find_secret(&mut self, secrets: &[String]) -> Option<String> {
        let new = &self.text[self.searched..];
        self.searched = self.text.len();
        let mut told = new
            .lines()
            .filter(|line| line.as_bytes().get(9) != Some(&b'>'));
        told.find(|line| secrets.iter().any(|secret| line.contains(secret)))
            .map(str::to_owned)
    }
}

/// The status as one line.
pub(super) fn status_line(status: &Status) -> String {
    let mut line = format!("status {} ip={}", status.state.name(), status.ip);
    if let Some(ssid) = status.ssid {
        let _ = write!(line, " ssid={ssid}");
    }
    if let Some(rssi) = status.rssi {
        let _ = write!(line, " rssi={rssi}");
    }
    if let Some(ip) = status.station_ip {
        let _ = write!(line, " station_ip={ip}");
    }
    if let Some(channel) = status.ap_channel {
        let _ = write!(line, " ap={}@{}", status.ap_ip, channel.number());
    }
    if status.retrying {
        line.push_str(" retrying");
    }
    if let Some((ssid, verdict)) = status.candidate {
        let _ = write!(line, " candidate={ssid}:{}", verdict.name());
    }
    line.push_str(match status.internet {
        Some(Internet::Yes) => " internet=yes",
        Some(Internet::No) => " internet=no",
        Some(Internet::Captive) => " internet=captive",
        None => "",
    });
    if status.safe_mode {
        line.push_str(" safe_mode");
    }
    line
}

/// A radio operation, as short as it can be read.
pub(super) fn op(op: RadioOp) -> String {
    match op {
        RadioOp::Scan => "scan".to_owned(),
        RadioOp::Join { bssid, channel } => {
            let bssid = bssid.map_or("any".to_owned(), |bssid| bssid.to_string());
            let channel = channel.map_or("any".to_owned(), |c| c.number().to_string());
            format!("join {bssid} on {channel}")
        }
        RadioOp::Leave => "leave".to_owned(),
        RadioOp::ApStart { channel } => format!("ap-start on {}", channel.number()),
        RadioOp::ApStop => "ap-stop".to_owned(),
        RadioOp::ApMove { channel } => format!("ap-move to {}", channel.number()),
        RadioOp::Cancel => "cancel".to_owned(),
        RadioOp::Query => "query".to_owned(),
    }
}
