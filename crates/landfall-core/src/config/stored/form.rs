//! The stored forms: what is written, field by field. Never change one; a new form gets a new
//! version.
//!
//! A piece is looked through whole by its [`Kind`]s before any of it is taken: one that is broken
//! leaves everything as it is. What is taken then goes to its place at once; a form of the fields
//! between the bytes and the configuration would be code for each of them.

use super::super::{ApSecurity, MAX_NETWORKS, values};
use super::bytes::{Cursor, Writer};
use crate::net::{KeyMaterial, Passphrase, Security};

/// What a field is.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Byte,
    Flag,
    Number,
    /// Bytes behind their number.
    Bytes,
    /// As [`Kind::Bytes`], of UTF-8.
    Text,
    /// How a network lets in.
    Key,
    /// So many bytes.
    Raw(u8),
    /// The next is there where a flag says so.
    Perhaps,
}

use Kind::{Byte, Bytes, Flag, Key, Number, Perhaps, Raw, Text};

/// A known network: name, key, BSSID, hidden, enables WebREPL, proven.
const NETWORK: &[Kind] = &[Bytes, Key, Perhaps, Raw(6), Flag, Flag, Flag];
/// The last candidate: name, verdict.
const CANDIDATE: &[Kind] = &[Bytes, Byte];
/// The last good access point: BSSID, channel.
const LAST_GOOD: &[Kind] = &[Raw(6), Byte];

/// The piece *settings*, in the order of `write_settings`.
#[rustfmt::skip]
const SETTINGS: &[Kind] = &[
    // Mode.
    Byte,
    // Access point: name, key, channel, hidden, clients, enables WebREPL, policy, address, prefix.
    Perhaps, Bytes, Key, Perhaps, Byte, Flag, Byte, Flag, Byte, Raw(4), Byte,
    // Timing of the station.
    Number, Byte, Number,
    // Host name, name, config server and its password, WebREPL's, writes from the station's side.
    Perhaps, Text, Text, Flag, Perhaps, Text, Perhaps, Text, Flag,
    // Fleet: URL, claim, certificate. MQTT: URL, user, password, commands. URL of the probe.
    Text, Text, Text, Text, Text, Text, Flag, Text,
    // Country, power, LED's pin and polarity, log level, what is kept.
    Perhaps, Raw(2), Perhaps, Byte, Perhaps, Byte, Perhaps, Flag, Byte, Text,
];

/// The piece *networks*, behind the number of networks; none: it is none.
pub(super) fn networks(piece: &[u8]) -> Option<(u32, Cursor<'_>)> {
    let mut c = Cursor::new(piece);
    let count = c.number();
    if count > MAX_NETWORKS as u32 {
        return None;
    }
    let networks = c.clone();
    for _ in 0..count {
        pass(&mut c, NETWORK);
    }
    for part in [CANDIDATE, LAST_GOOD] {
        if c.flag() {
            pass(&mut c, part);
        }
    }
    c.is_whole().then_some((count, networks))
}

/// The piece *settings*; none: it is none.
pub(super) fn settings(piece: &[u8]) -> Option<Cursor<'_>> {
    let settings = Cursor::new(piece);
    let mut c = settings.clone();
    pass(&mut c, SETTINGS);
    c.is_whole().then_some(settings)
}

/// Goes over fields of these kinds.
fn pass(c: &mut Cursor<'_>, kinds: &[Kind]) {
    let mut kinds = kinds.iter();
    while let Some(kind) = kinds.next() {
        match kind {
            Byte => drop(c.byte()),
            Flag => drop(c.flag()),
            Number => drop(c.number()),
            Bytes => drop(c.bytes()),
            Text => drop(c.text()),
            Raw(len) => drop(c.raw(usize::from(*len))),
            Key => match c.byte() {
                OPEN | DEVICE => {}
                PHRASE => drop(c.text()),
                RAW => drop(c.raw(RAW_LEN)),
                _ => c.refuse(),
            },
            Perhaps => {
                if !c.flag() {
                    kinds.next();
                }
            }
        }
    }
}

const OPEN: u8 = 0;
const PHRASE: u8 = 1;
const RAW: u8 = 2;
const DEVICE: u8 = 3;
/// Bytes of a raw key.
const RAW_LEN: usize = 32;

/// Writes how a network lets in.
pub(super) fn write_security(security: &Security, w: &mut Writer<'_>) {
    match security {
        Security::Open => w.byte(OPEN),
        Security::Personal(key) => write_key(key, w),
    }
}

/// Writes how our access point lets in.
pub(super) fn write_ap_security(security: &ApSecurity, w: &mut Writer<'_>) {
    match security {
        ApSecurity::DeviceSecret => w.byte(DEVICE),
        ApSecurity::Open => w.byte(OPEN),
        ApSecurity::Key(key) => write_key(key, w),
    }
}

fn write_key(key: &Passphrase, w: &mut Writer<'_>) {
    match key.material() {
        KeyMaterial::Phrase(text) => {
            w.byte(PHRASE);
            w.text(text);
        }
        KeyMaterial::Raw(key) => {
            w.byte(RAW);
            w.raw(key);
        }
    }
}

/// The key of a known network; none where it is none.
pub(super) fn security(c: &mut Cursor<'_>) -> Option<Security> {
    match c.byte() {
        OPEN => Some(Security::Open),
        PHRASE => phrase(c.text()).map(Security::Personal),
        RAW => Some(Security::Personal(Passphrase::from_raw(&c.array()))),
        _ => None,
    }
}

/// The key of our access point; none where it is none.
pub(super) fn ap_security(c: &mut Cursor<'_>) -> Option<ApSecurity> {
    match c.byte() {
        OPEN => Some(ApSecurity::Open),
        PHRASE => phrase(c.text()).map(ApSecurity::Key),
        RAW => {
            c.raw(RAW_LEN);
            None
        }
        _ => Some(ApSecurity::DeviceSecret),
    }
}

/// A passphrase, and no raw key written as one.
fn phrase(text: &str) -> Option<Passphrase> {
    let key = Passphrase::new(text.as_bytes()).ok()?;
    values::is_phrase(&key).then_some(key)
}
