//! The commands that change a running air or ask it, as people type them.
//!
//! On the wire a command is one line: a JSON array of words (`["ap","My Home","off"]`), or plain
//! words with blanks between them. The answer is any number of lines of JSON, and after them one
//! line `{"ok":true}` or `{"ok":false,"error":"…"}`; then the connection ends.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use std::path::PathBuf;

use landfall_core::net::{Channel, Security};

use super::access_point::ApChange;

/// Longest command, in bytes: a path and a word.
pub const LINE_MAX: usize = 8192;
/// Longest hold of the button, in milliseconds.
pub const BUTTON_MS_MAX: u32 = 600_000;
/// Longest comeback time, in milliseconds.
const COMEBACK_MS_MAX: u32 = 600_000;

/// A command, and who carries it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The air itself: [`Air::obey`](super::Air::obey).
    Air(AirCommand),
    /// The host of the devices.
    Host(HostCommand),
}

/// What the air is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AirCommand {
    /// Change the routers of that name.
    Ap(String, ApChange),
    /// The phone joins a device's access point.
    PhoneJoin {
        /// Its name.
        ssid: String,
        /// Its password; open where there is none.
        password: Security,
    },
    /// The phone leaves.
    PhoneLeave,
    /// The last radio operations, a row each, oldest first.
    Log,
    /// The routers, then the devices, a row each.
    List,
}

/// What the host of the devices is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostCommand {
    /// Read this file ([`Addition::parse`](super::file::Addition::parse)) and add what is in it
    /// to the air. The path is absolute, or relative to where the host runs.
    Add(PathBuf),
    /// Make every write of the flash fail from now on (true), or none (false).
    FlashFails(bool),
    /// Hold the button for this many milliseconds.
    Button(u32),
    /// Say how the LED is; answered by one row ([`LedRow`](super::answer::LedRow)).
    Led,
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandError {
    /// It has more than [`LINE_MAX`] bytes.
    TooLong,
    /// It begins with `[` and is no JSON array of words.
    NotWords,
    /// These words are no command; [`USAGE`] is.
    Unknown,
    /// The word after `ap NAME` or its value is none; this is allowed.
    Value(&'static str),
}

/// All commands.
pub const USAGE: &str = "ap NAME off | ap NAME on | ap NAME password P | ap NAME rssi DBM | \
    ap NAME dhcp on|off | ap NAME deauth | ap NAME comeback MS | ap NAME channel N | \
    phone join AP_SSID [PASSWORD] | phone leave | add FILE | flash fail | flash ok | button MS | \
    led | log | list";

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "the command has more than {LINE_MAX} bytes"),
            Self::NotWords => f.write_str("the command is no JSON array of words"),
            Self::Unknown => write!(f, "unknown command; one of: {USAGE}"),
            Self::Value(allowed) => write!(f, "allowed is {allowed}"),
        }
    }
}

impl core::error::Error for CommandError {}

const PASSWORD_ALLOWED: &str =
    "a password of 8 to 63 printable ASCII characters, 64 hexadecimal digits, or \"\" for open";
const RSSI_ALLOWED: &str = "a strength of -127 to 0 dBm";
const ON_OFF_ALLOWED: &str = "on or off";
const CHANNEL_ALLOWED: &str = "a channel from 1 to 14";
const MS_ALLOWED: &str = "0 to 600000 milliseconds";

impl Command {
    /// Reads a line, without its line end.
    pub fn parse(line: &str) -> Result<Self, CommandError> {
        if line.len() > LINE_MAX {
            return Err(CommandError::TooLong);
        }
        if line.starts_with('[') {
            let words: Vec<String> =
                serde_json::from_str(line).map_err(|_| CommandError::NotWords)?;
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            Self::from_words(&words)
        } else {
            let words: Vec<&str> = line.split_whitespace().collect();
            Self::from_words(&words)
        }
    }

    /// Reads words, as a shell gives them to a program. A single word with blanks in it is a whole
    /// line.
    pub fn from_words(words: &[&str]) -> Result<Self, CommandError> {
        let command = match *words {
            [line] if line.contains(char::is_whitespace) => return Self::parse(line),
            ["ap", name, ref change @ ..] => {
                Self::Air(AirCommand::Ap(name.to_owned(), ap_change(change)?))
            }
            ["phone", "join", ssid] => phone_join(ssid, "")?,
            ["phone", "join", ssid, password] => phone_join(ssid, password)?,
            ["phone", "leave"] => Self::Air(AirCommand::PhoneLeave),
            ["log"] => Self::Air(AirCommand::Log),
            ["list"] => Self::Air(AirCommand::List),
            ["add", file] => Self::Host(HostCommand::Add(PathBuf::from(file))),
            ["flash", "fail"] => Self::Host(HostCommand::FlashFails(true)),
            ["flash", "ok"] => Self::Host(HostCommand::FlashFails(false)),
            ["button", ms] => Self::Host(HostCommand::Button(milliseconds(ms, BUTTON_MS_MAX)?)),
            ["led"] => Self::Host(HostCommand::Led),
            _ => return Err(CommandError::Unknown),
        };
        Ok(command)
    }
}

/// The line that carries these words, without its line end.
pub fn line_of(words: &[&str]) -> String {
    serde_json::json!(words).to_string()
}

fn phone_join(ssid: &str, password: &str) -> Result<Command, CommandError> {
    Ok(Command::Air(AirCommand::PhoneJoin {
        ssid: ssid.to_owned(),
        password: security(password)?,
    }))
}

fn ap_change(words: &[&str]) -> Result<ApChange, CommandError> {
    Ok(match *words {
        ["on"] => ApChange::On(true),
        ["off"] => ApChange::On(false),
        ["password", password] => ApChange::Password(security(password)?),
        ["rssi", dbm] => ApChange::Rssi(rssi(dbm)?),
        ["dhcp", word] => ApChange::Dhcp(on_off(word)?),
        ["deauth"] => ApChange::Deauth,
        ["comeback", ms] => ApChange::Comeback(milliseconds(ms, COMEBACK_MS_MAX)?),
        ["channel", number] => ApChange::Channel(channel(number)?),
        _ => return Err(CommandError::Unknown),
    })
}

fn security(password: &str) -> Result<Security, CommandError> {
    Security::from_password(password.as_bytes()).map_err(|_| CommandError::Value(PASSWORD_ALLOWED))
}

fn rssi(dbm: &str) -> Result<i8, CommandError> {
    dbm.parse()
        .ok()
        .filter(|dbm| (-127..=0).contains(dbm))
        .ok_or(CommandError::Value(RSSI_ALLOWED))
}

fn on_off(word: &str) -> Result<bool, CommandError> {
    match word {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(CommandError::Value(ON_OFF_ALLOWED)),
    }
}

fn channel(number: &str) -> Result<Channel, CommandError> {
    let channel = number.parse().ok().and_then(Channel::new);
    channel.ok_or(CommandError::Value(CHANNEL_ALLOWED))
}

fn milliseconds(text: &str, most: u32) -> Result<u32, CommandError> {
    text.parse()
        .ok()
        .filter(|ms| *ms <= most)
        .ok_or(CommandError::Value(MS_ALLOWED))
}

#[cfg(test)]
mod tests;
