//! What users, routers and fate do to a device, as text and as values.
//!
//! ```text
//! join NAME [KEY]                      remove NAME          mode off|sta|ap|sta_ap
//! add NAME [KEY] [hidden] [pin=BSSID]  remove-at PLACE      access-point [name=] [key=] [channel=] [policy=]
//! put PLACE NAME [KEY] [hidden] …      force-ap up|down     scan  disconnect  resume  reset  reboot
//! portal touched|posted|seen           status               power cut
//! ap NAME on|off|deauth|password KEY|rssi DBM|dhcp on|off|comeback MS|channel N
//! flash fails|works                    lease ends           miss joined|address|lost|left|ap-started|scan-done
//! fault scan|ap                        refuse CODE          refuse sae|assoc STATUS
//! timing CONNECT_MS RETRIES DEADLINE_MS
//! config [NAME[/KEY]] … [mode=] [policy=] [deadline=MS] [serves] [cut]      request
//! ```

mod write;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use landfall_core::command::{Command, PortalUse};
use landfall_core::config::{
    ApSecurity, ApSettings, KnownNetwork, Mode, Security, StartPolicy, StationSettings, Wifi,
};
use landfall_core::net::{Channel, Mac, Passphrase, Ssid};
use landfall_core::radio::{RadioEvent, Reason};

use super::store::NewConfig;
use crate::air::Fault;
use crate::air::access_point::ApChange;
pub(super) use write::write_network;

/// One of them. `Display` writes the line that [`Action::parse`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A user asks for something over some door.
    Command(Command),
    /// The owner saves a whole configuration.
    Config(Box<NewConfig>),
    /// The owner asks the config server for something.
    Request,
    /// A user is at the portal.
    Portal(PortalUse),
    /// A user looks at the status, which is written down.
    Status,
    /// The router of that name changes.
    Ap(String, ApChange),
    /// The power goes, and comes back.
    PowerCut,
    /// The flash takes no more writes, or does again.
    FlashFails(bool),
    /// The radio fails once.
    Fault(Fault),
    /// The lease of the station's address ends.
    LeaseEnds,
    /// The next event of that kind does not reach the machine.
    Miss(Missed),
}

/// A kind of radio event that a driver loses now and then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// The station is associated.
    Joined,
    /// The station has an address.
    Address,
    /// The station lost its link.
    Lost,
    /// The station left.
    Left,
    /// The access point is up.
    ApStarted,
    /// The scan is over.
    ScanDone,
}

impl Missed {
    /// All kinds.
    pub const EVERY: [Self; 6] = [
        Self::Joined,
        Self::Address,
        Self::Lost,
        Self::Left,
        Self::ApStarted,
        Self::ScanDone,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Joined => "joined",
            Self::Address => "address",
            Self::Lost => "lost",
            Self::Left => "left",
            Self::ApStarted => "ap-started",
            Self::ScanDone => "scan-done",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::EVERY.into_iter().find(|missed| missed.name() == word)
    }

    /// Whether this is one of the kind.
    pub(super) fn hits(self, event: &RadioEvent) -> bool {
        match self {
            Self::Joined => matches!(event, RadioEvent::Joined { .. }),
            Self::Address => matches!(event, RadioEvent::Address(_)),
            Self::Lost => matches!(event, RadioEvent::Lost { .. }),
            Self::Left => matches!(event, RadioEvent::Left),
            Self::ApStarted => matches!(event, RadioEvent::ApStarted { .. }),
            Self::ScanDone => matches!(event, RadioEvent::ScanDone),
        }
    }
}

impl Action {
    /// From a line of a scenario.
    pub fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let Some(command) = parse_command(&words) {
            return Some(Self::Command(command));
        }
        Some(match words.as_slice() {
            ["portal", "touched"] => Self::Portal(PortalUse::Touched),
            ["portal", "posted"] => Self::Portal(PortalUse::Posted),
            ["portal", "seen"] => Self::Portal(PortalUse::Seen),
            ["status"] => Self::Status,
            ["config", words @ ..] => Self::Config(Box::new(parse_config(words)?)),
            ["request"] => Self::Request,
            ["power", "cut"] => Self::PowerCut,
            ["flash", "fails"] => Self::FlashFails(true),
            ["flash", "works"] => Self::FlashFails(false),
            ["lease", "ends"] => Self::LeaseEnds,
            ["miss", word] => Self::Miss(Missed::parse(word)?),
            ["fault", "scan"] => Self::Fault(Fault::Scan),
            ["fault", "ap"] => Self::Fault(Fault::ApStart),
            ["refuse", reason @ ..] => Self::Fault(Fault::Join(parse_reason(reason)?)),
            ["ap", name, change @ ..] => Self::Ap((*name).to_owned(), parse_change(change)?),
            _ => return None,
        })
    }
}

fn parse_command(words: &[&str]) -> Option<Command> {
    let ssid = |word: &str| Ssid::new(word.as_bytes()).ok();
    Some(match words {
        ["join", name, password @ ..] if password.len() <= 1 => {
            let password = password.first().map_or("", |word| *word);
            Command::Join {
                ssid: ssid(name)?,
                security: Security::from_password(password.as_bytes()).ok()?,
            }
        }
        ["add", network @ ..] => Command::Add(parse_network(network)?),
        ["put", place, network @ ..] => Command::Put(place.parse().ok()?, parse_network(network)?),
        ["remove", name] => Command::Remove(ssid(name)?),
        ["remove-at", place] => Command::RemoveAt(place.parse().ok()?),
        ["mode", word] => Command::SetMode(Mode::parse(word)?),
        ["access-point", settings @ ..] => Command::SetAp(parse_settings(settings)?),
        ["timing", timeout, retry, deadline] => Command::SetStation(StationSettings {
            connect_timeout_ms: timeout.parse().ok()?,
            max_retry: retry.parse().ok()?,
            fallback_deadline_ms: deadline.parse().ok()?,
        }),
        ["force-ap", "up"] => Command::ForceAp(true),
        ["force-ap", "down"] => Command::ForceAp(false),
        ["scan"] => Command::Scan,
        ["reset"] => Command::Reset,
        ["button"] => Command::ResetByButton,
        ["reboot"] => Command::Reboot,
        ["disconnect"] => Command::Disconnect,
        ["resume"] => Command::Resume,
        _ => return None,
    })
}

/// `NAME [KEY] [hidden] [proven] [pin=BSSID]`.
pub(super) fn parse_network(words: &[&str]) -> Option<KnownNetwork> {
    let (name, rest) = words.split_first()?;
    let ssid = Ssid::new(name.as_bytes()).ok()?;
    let mut network = KnownNetwork::new(ssid, Security::Open);
    for word in rest {
        match (*word, word.strip_prefix("pin=")) {
            ("hidden", _) => network.hidden = true,
            ("proven", _) => network.proven = true,
            (_, Some(bssid)) => network.bssid = Some(Mac::parse(bssid.as_bytes())?),
            (key, None) => network.security = Security::from_password(key.as_bytes()).ok()?,
        }
    }
    Some(network)
}

fn parse_config(words: &[&str]) -> Option<NewConfig> {
    let mut new = NewConfig {
        wifi: Wifi::default(),
        serves: false,
        cut: false,
    };
    for word in words {
        match (*word, word.split_once('=')) {
            ("serves", _) => new.serves = true,
            ("cut", _) => new.cut = true,
            (_, Some(("mode", mode))) => new.wifi.mode = Mode::parse(mode)?,
            (_, Some(("policy", word))) => {
                new.wifi.ap.start_policy = StartPolicy::parse(word)?;
            }
            (_, Some(("deadline", ms))) => {
                new.wifi.station.fallback_deadline_ms = ms.parse().ok()?;
            }
            (_, Some(_)) => return None,
            (word, None) => {
                let (name, key) = word.split_once('/').unwrap_or((word, ""));
                let ssid = Ssid::new(name.as_bytes()).ok()?;
                let security = Security::from_password(key.as_bytes()).ok()?;
                let network = KnownNetwork::new(ssid, security);
                new.wifi.networks.push(network).ok()?;
            }
        }
    }
    Some(new)
}

fn parse_settings(words: &[&str]) -> Option<ApSettings> {
    let mut ap = ApSettings::default();
    for word in words {
        match word.split_once('=')? {
            ("name", name) => ap.ssid = Some(Ssid::new(name.as_bytes()).ok()?),
            ("key", "") => ap.security = ApSecurity::Open,
            ("key", key) => ap.security = ApSecurity::Key(Passphrase::new(key.as_bytes()).ok()?),
            ("channel", n) => ap.channel = Some(Channel::new(n.parse().ok()?)?),
            ("policy", word) => ap.start_policy = StartPolicy::parse(word)?,
            _ => return None,
        }
    }
    Some(ap)
}

fn parse_reason(words: &[&str]) -> Option<Reason> {
    Some(match words {
        [code] => Reason::Code(code.parse().ok()?),
        ["sae", status] => Reason::SaeStatus(status.parse().ok()?),
        ["assoc", status] => Reason::AssocStatus(status.parse().ok()?),
        _ => return None,
    })
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

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn every_line_reads_as_it_is_written() {
        for line in [
            "join home Password2",
            "join cafe",
            "add home Password2",
            "add home Password2 hidden pin=02:00:00:00:00:01",
            "put 1 home Password2",
            "remove home",
            "remove-at 2",
            "mode sta",
            "access-point",
            "access-point name=Boat key=Password2 channel=6 policy=always",
            "access-point key=",
            "timing 5000 3 20000",
            "force-ap up",
            "force-ap down",
            "scan",
            "reset",
            "button",
            "button",
            "reboot",
            "disconnect",
            "resume",
            "portal touched",
            "portal posted",
            "portal seen",
            "status",
            "power cut",
            "config",
            "config home/Password2 cafe mode=sta policy=never deadline=0 serves cut",
            "request",
            "flash fails",
            "flash works",
            "lease ends",
            "miss lost",
            "miss ap-started",
            "fault scan",
            "fault ap",
            "refuse 212",
            "refuse sae 1",
            "refuse assoc 17",
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
            let action = Action::parse(line);
            let written = action.map(|action| action.to_string());
            assert_eq!(written.as_deref(), Some(line));
        }
        assert_eq!(Action::parse("join"), None);
    }
}
