//! What users, routers and fate do to a device, as text and as values.

use std::fmt;

use landfall_core::command::{Command, PortalUse};
use landfall_core::config::{KnownNetwork, Mode, Security};
use landfall_core::net::{Channel, Ssid};

use crate::air::Fault;
use crate::air::access_point::ApChange;

/// One of them. `Display` writes the line that [`Action::parse`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A user asks for something over some door.
    Command(Command),
    /// A user is at the portal.
    Portal(PortalUse),
    /// The router of that name changes.
    Ap(String, ApChange),
    /// The power goes, and comes back.
    PowerCut,
    /// The flash takes no more writes, or does again.
    FlashFails(bool),
    /// The radio fails once.
    Fault(Fault),
}

impl Action {
    /// From a line of a scenario.
    pub fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ssid = |word: &str| Ssid::new(word.as_bytes()).ok();
        let security = |word: Option<&&str>| {
            Security::from_password(word.map_or(b"" as &[u8], |word| word.as_bytes())).ok()
        };
        Some(match words.as_slice() {
            ["join", name, password @ ..] if password.len() <= 1 => Self::Command(Command::Join {
                ssid: ssid(name)?,
                security: security(password.first())?,
            }),
            ["add", name, password @ ..] if password.len() <= 1 => Self::Command(Command::Add(
                KnownNetwork::new(ssid(name)?, security(password.first())?),
            )),
            ["remove", name] => Self::Command(Command::Remove(ssid(name)?)),
            ["mode", word] => Self::Command(Command::SetMode(Mode::parse(word)?)),
            ["scan"] => Self::Command(Command::Scan),
            ["reset"] => Self::Command(Command::Reset),
            ["button"] => Self::Command(Command::ResetByButton),
            ["reboot"] => Self::Command(Command::Reboot),
            ["disconnect"] => Self::Command(Command::Disconnect),
            ["resume"] => Self::Command(Command::Resume),
            ["portal", "touched"] => Self::Portal(PortalUse::Touched),
            ["portal", "posted"] => Self::Portal(PortalUse::Posted),
            ["portal", "seen"] => Self::Portal(PortalUse::Seen),
            ["power", "cut"] => Self::PowerCut,
            ["flash", "fails"] => Self::FlashFails(true),
            ["flash", "works"] => Self::FlashFails(false),
            ["fault", "scan"] => Self::Fault(Fault::Scan),
            ["fault", "ap"] => Self::Fault(Fault::ApStart),
            ["ap", name, change @ ..] => Self::Ap((*name).to_owned(), parse_change(change)?),
            _ => return None,
        })
    }
}

fn parse_change(words: &[&str]) -> Option<ApChange> {
    Some(match words {
        ["on"] => ApChange::On(true),
        ["off"] => ApChange::On(false),
        ["password", key] => ApChange::Password(Security::from_password(key.as_bytes()).ok()?),
        ["rssi", dbm] => ApChange::Rssi(dbm.parse().ok()?),
        ["dhcp", "on"] => ApChange::Dhcp(true),
        ["dhcp", "off"] => ApChange::Dhcp(false),
        ["deauth"] => ApChange::Deauth,
        ["comeback", ms] => ApChange::Comeback(ms.parse().ok()?),
        ["channel", n] => ApChange::Channel(Channel::new(n.parse().ok()?)?),
        _ => return None,
    })
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => write_command(f, command),
            Self::Portal(PortalUse::Touched) => f.write_str("portal touched"),
            Self::Portal(PortalUse::Posted) => f.write_str("portal posted"),
            Self::Portal(PortalUse::Seen) => f.write_str("portal seen"),
            Self::Ap(name, change) => {
                write!(f, "ap {name} ")?;
                write_change(f, change)
            }
            Self::PowerCut => f.write_str("power cut"),
            Self::FlashFails(true) => f.write_str("flash fails"),
            Self::FlashFails(false) => f.write_str("flash works"),
            Self::Fault(Fault::Scan) => f.write_str("fault scan"),
            Self::Fault(Fault::ApStart) => f.write_str("fault ap"),
        }
    }
}

fn write_command(f: &mut fmt::Formatter<'_>, command: &Command) -> fmt::Result {
    match command {
        Command::Join { ssid, security } => write_network(f, "join", ssid, security),
        Command::Add(network) => write_network(f, "add", &network.ssid, &network.security),
        Command::Remove(ssid) => write!(f, "remove {ssid}"),
        Command::SetMode(mode) => write!(f, "mode {mode}"),
        Command::Scan => f.write_str("scan"),
        Command::Reset => f.write_str("reset"),
        Command::ResetByButton => f.write_str("button"),
        Command::Reboot => f.write_str("reboot"),
        Command::Disconnect => f.write_str("disconnect"),
        Command::Resume => f.write_str("resume"),
        Command::Put(..) | Command::RemoveAt(_) | Command::SetAp(_) | Command::ForceAp(_) => {
            write!(f, "{command:?}")
        }
    }
}

/// The key is written out: a scenario is made up, and has to run again as it stands.
fn write_network(
    f: &mut fmt::Formatter<'_>,
    verb: &str,
    ssid: &Ssid,
    security: &Security,
) -> fmt::Result {
    write!(f, "{verb} {ssid}")?;
    write_key(f, security)
}

fn write_key(f: &mut fmt::Formatter<'_>, security: &Security) -> fmt::Result {
    match security {
        Security::Open => Ok(()),
        Security::Personal(key) => {
            f.write_str(" ")?;
            key.expose(f)
        }
    }
}

fn write_change(f: &mut fmt::Formatter<'_>, change: &ApChange) -> fmt::Result {
    match change {
        ApChange::On(true) => f.write_str("on"),
        ApChange::On(false) => f.write_str("off"),
        ApChange::Password(security) => {
            f.write_str("password")?;
            write_key(f, security)
        }
        ApChange::Rssi(dbm) => write!(f, "rssi {dbm}"),
        ApChange::Dhcp(true) => f.write_str("dhcp on"),
        ApChange::Dhcp(false) => f.write_str("dhcp off"),
        ApChange::Deauth => f.write_str("deauth"),
        ApChange::Comeback(ms) => write!(f, "comeback {ms}"),
        ApChange::Channel(channel) => write!(f, "channel {}", channel.number()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_reads_as_it_is_written() {
        for line in [
            "join home Password2",
            "join cafe",
            "add home Password2",
            "remove home",
            "mode sta",
            "scan",
            "reset",
            "button",
            "reboot",
            "disconnect",
            "resume",
            "portal touched",
            "portal posted",
            "portal seen",
            "power cut",
            "flash fails",
            "flash works",
            "fault scan",
            "fault ap",
            "ap home on",
            "ap home off",
            "ap home password 12345678",
            "ap home rssi -60",
            "ap home dhcp on",
            "ap home dhcp off",
            "ap home deauth",
            "ap home comeback 1100",
            "ap home channel 11",
        ] {
            assert_eq!(
                Action::parse(line)
                    .map(|action| action.to_string())
                    .as_deref(),
                Some(line)
            );
        }
        assert_eq!(Action::parse("join"), None);
    }
}
