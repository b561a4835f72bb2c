//! The piece of networks, candidate, verdict and last good access point.

use super::super::reason::Warning;
use super::super::{KnownNetwork, MAX_NETWORKS};
use super::bytes::{Cursor, Writer};
use super::form;
use super::{DoesNotFit, Stored, Warner};
use crate::command::Verdict;
use crate::manager::{LastGood, Record};
use crate::net::{Channel, Mac, PASSPHRASE_MAX, SSID_MAX, Ssid};
use crate::radio::FailureClass;

/// Most bytes of one network: name and key with their lengths, address, three flags.
const NETWORK_MAX: usize = (1 + SSID_MAX) + (2 + PASSPHRASE_MAX) + 7 + 3;
/// Most bytes of the piece: version, list, candidate with its verdict, last good access point.
pub const NETWORKS_MAX: usize = 1 + (1 + MAX_NETWORKS * NETWORK_MAX) + (2 + SSID_MAX + 1) + 8;

/// Writes the piece *networks* into `buffer` and gives the part that it fills.
///
/// # Errors
/// Where `buffer` is smaller than the piece, which is at most [`NETWORKS_MAX`] bytes.
pub fn encode_networks<'b>(
    record: &Record<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], DoesNotFit> {
    let mut w = Writer::new(buffer);
    w.number(record.networks.len() as u32);
    record
        .networks
        .iter()
        .for_each(|network| write_network(network, &mut w));
    w.flag(record.candidate.is_some());
    if let Some((ssid, verdict)) = record.candidate {
        w.bytes(ssid.as_bytes());
        w.byte(number_of(verdict));
    }
    w.flag(record.last_good.is_some());
    if let Some(last) = record.last_good {
        w.raw(&last.bssid.0);
        w.byte(last.channel.number());
    }
    w.finish()
}

fn write_network(network: &KnownNetwork, w: &mut Writer<'_>) {
    w.bytes(network.ssid.as_bytes());
    form::write_security(&network.security, w);
    w.some_raw(network.bssid.as_ref().map(|bssid| bssid.0.as_slice()));
    w.flag(network.hidden);
    w.flag(network.enables_webrepl);
    w.flag(network.proven);
}

impl Stored {
    /// Takes the piece *networks*. One that cannot be read leaves everything as it is, with a
    /// warning; a network in it that is none is left out, with a warning.
    pub fn read_networks(&mut self, bytes: &[u8], warn: &mut dyn FnMut(&Warning<'_>)) {
        let mut warner = Warner {
            piece: "stored_networks",
            warn,
        };
        let Some((count, mut c)) = form::networks(bytes) else {
            return warner.unreadable();
        };
        let networks = &mut self.config.wifi.networks;
        networks.clear();
        for _ in 0..count {
            match read_network(&mut c) {
                // The form has no more of them than the list has room for.
                Some(network) => drop(networks.push(network)),
                None => warner.wrong("network"),
            }
        }
        self.candidate = None;
        if c.flag() {
            let (ssid, verdict) = (Ssid::of(c.bytes()), verdict_of(c.byte()));
            self.candidate = ssid.zip(verdict);
            warner.expect("candidate", self.candidate.is_some());
        }
        self.last_good = None;
        if c.flag() {
            let (bssid, channel) = (Mac(c.array()), Channel::of_either_band(c.byte()));
            self.last_good = channel.map(|channel| LastGood { bssid, channel });
            warner.expect("last_good", channel.is_some());
        }
    }
}

fn read_network(c: &mut Cursor<'_>) -> Option<KnownNetwork> {
    let (ssid, security) = (Ssid::of(c.bytes()), form::security(c));
    let (bssid, hidden) = (c.some_array().map(Mac), c.flag());
    let (enables_webrepl, proven) = (c.flag(), c.flag());
    Some(KnownNetwork {
        bssid,
        hidden,
        enables_webrepl,
        proven,
        ..KnownNetwork::new(ssid?, security?)
    })
}

/// The number of a verdict: failures from 16 on.
fn number_of(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Trying => 0,
        Verdict::Ok => 1,
        Verdict::Interrupted => 2,
        Verdict::SaveFailed => 3,
        Verdict::Failed(class) => match class {
            FailureClass::WrongPassword => 16,
            FailureClass::NotFound => 17,
            FailureClass::SecurityMismatch => 18,
            FailureClass::WeakSignal => 19,
            FailureClass::ApFull => 20,
            FailureClass::ApComeback => 21,
            FailureClass::NoAddress => 22,
            FailureClass::Transient => 23,
            FailureClass::OwnDoing => 24,
        },
    }
}

fn verdict_of(number: u8) -> Option<Verdict> {
    let class = match number {
        0 => return Some(Verdict::Trying),
        1 => return Some(Verdict::Ok),
        2 => return Some(Verdict::Interrupted),
        3 => return Some(Verdict::SaveFailed),
        16 => FailureClass::WrongPassword,
        17 => FailureClass::NotFound,
        18 => FailureClass::SecurityMismatch,
        19 => FailureClass::WeakSignal,
        20 => FailureClass::ApFull,
        21 => FailureClass::ApComeback,
        22 => FailureClass::NoAddress,
        23 => FailureClass::Transient,
        24 => FailureClass::OwnDoing,
        _ => return None,
    };
    Some(Verdict::Failed(class))
}
