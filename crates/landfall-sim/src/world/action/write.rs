//! Actions as the lines that scenarios are made of. Keys are written out: a scenario is made up,
//! and has to run again as it stands.

use core::fmt;

use landfall_core::command::{Command, PortalUse};
use landfall_core::config::{ApSecurity, ApSettings, KnownNetwork, Security, StartPolicy, Wifi};
use landfall_core::net::Passphrase;
use landfall_core::radio::Reason;

use super::super::store::NewConfig;
use super::{Action, Missed};
use crate::air::Fault;
use crate::air::access_point::ApChange;

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => write_command(f, command),
            Self::Portal(PortalUse::Touched) => f.write_str("portal touched"),
            Self::Portal(PortalUse::Posted) => f.write_str("portal posted"),
            Self::Portal(PortalUse::Seen) => f.write_str("portal seen"),
            Self::Status => f.write_str("status"),
            Self::Ap(name, change) => {
                write!(f, "ap {name} ")?;
                write_change(f, change)
            }
            Self::Config(new) => write_config(f, new),
            Self::Request => f.write_str("request"),
            Self::PowerCut => f.write_str("power cut"),
            Self::FlashFails(true) => f.write_str("flash fails"),
            Self::FlashFails(false) => f.write_str("flash works"),
            Self::LeaseEnds => f.write_str("lease ends"),
            Self::Miss(missed) => write!(f, "miss {missed}"),
            Self::Fault(Fault::Scan) => f.write_str("fault scan"),
            Self::Fault(Fault::ApStart) => f.write_str("fault ap"),
            Self::Fault(Fault::Join(reason)) => write_reason(f, *reason),
        }
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

fn write_command(f: &mut fmt::Formatter<'_>, command: &Command) -> fmt::Result {
    match command {
        Command::Join { ssid, security } => {
            write!(f, "join {ssid}")?;
            write_security(f, security)
        }
        Command::Add(network) => {
            f.write_str("add ")?;
            write_network(f, network)
        }
        Command::Put(place, network) => {
            write!(f, "put {place} ")?;
            write_network(f, network)
        }
        Command::Remove(ssid) => write!(f, "remove {ssid}"),
        Command::RemoveAt(place) => write!(f, "remove-at {place}"),
        Command::SetMode(mode) => write!(f, "mode {mode}"),
        Command::SetAp(ap) => write_settings(f, ap),
        Command::SetStation(station) => write!(
            f,
            "timing {} {} {}",
            station.connect_timeout_ms, station.max_retry, station.fallback_deadline_ms
        ),
        Command::ForceAp(true) => f.write_str("force-ap up"),
        Command::ForceAp(false) => f.write_str("force-ap down"),
        Command::Scan => f.write_str("scan"),
        Command::Reset => f.write_str("reset"),
        Command::ResetByButton => f.write_str("button"),
        Command::Reboot => f.write_str("reboot"),
        Command::Disconnect => f.write_str("disconnect"),
        Command::Resume => f.write_str("resume"),
    }
}

/// `NAME [KEY] [hidden] [proven] [pin=BSSID]`.
pub(in crate::world) fn write_network(
    f: &mut fmt::Formatter<'_>,
    network: &KnownNetwork,
) -> fmt::Result {
    write!(f, "{}", network.ssid)?;
    write_security(f, &network.security)?;
    if network.hidden {
        f.write_str(" hidden")?;
    }
    if network.proven {
        f.write_str(" proven")?;
    }
    network
        .bssid
        .map_or(Ok(()), |bssid| write!(f, " pin={bssid}"))
}

fn write_security(f: &mut fmt::Formatter<'_>, security: &Security) -> fmt::Result {
    match security {
        Security::Open => Ok(()),
        Security::Personal(key) => write_key(f, " ", key),
    }
}

fn write_key(f: &mut fmt::Formatter<'_>, before: &str, key: &Passphrase) -> fmt::Result {
    f.write_str(before)?;
    key.expose(f)
}

fn write_config(f: &mut fmt::Formatter<'_>, new: &NewConfig) -> fmt::Result {
    let plain = Wifi::default();
    let wifi = &new.wifi;
    f.write_str("config")?;
    for network in &wifi.networks {
        write!(f, " {}", network.ssid)?;
        if let Security::Personal(key) = &network.security {
            write_key(f, "/", key)?;
        }
    }
    if wifi.mode != plain.mode {
        write!(f, " mode={}", wifi.mode)?;
    }
    if wifi.ap.start_policy != plain.ap.start_policy {
        write!(f, " policy={}", wifi.ap.start_policy.name())?;
    }
    if wifi.station.fallback_deadline_ms != plain.station.fallback_deadline_ms {
        write!(f, " deadline={}", wifi.station.fallback_deadline_ms)?;
    }
    f.write_str(if new.serves { " serves" } else { "" })?;
    f.write_str(if new.cut { " cut" } else { "" })
}

fn write_settings(f: &mut fmt::Formatter<'_>, ap: &ApSettings) -> fmt::Result {
    f.write_str("access-point")?;
    if let Some(ssid) = ap.ssid {
        write!(f, " name={ssid}")?;
    }
    match &ap.security {
        ApSecurity::DeviceSecret => {}
        ApSecurity::Open => f.write_str(" key=")?,
        ApSecurity::Key(key) => write_key(f, " key=", key)?,
    }
    if let Some(channel) = ap.channel {
        write!(f, " channel={}", channel.number())?;
    }
    if ap.start_policy != StartPolicy::default() {
        write!(f, " policy={}", ap.start_policy.name())?;
    }
    Ok(())
}

fn write_reason(f: &mut fmt::Formatter<'_>, reason: Reason) -> fmt::Result {
    match reason {
        Reason::Code(code) => write!(f, "refuse {code}"),
        Reason::SaeStatus(status) => write!(f, "refuse sae {status}"),
        Reason::AssocStatus(status) => write!(f, "refuse assoc {status}"),
        // DHCP is silent by `ap NAME dhcp off`; no join fails for it.
        Reason::NoAddress => f.write_str("refuse 0"),
    }
}

fn write_change(f: &mut fmt::Formatter<'_>, change: &ApChange) -> fmt::Result {
    match change {
        ApChange::On(true) => f.write_str("on"),
        ApChange::On(false) => f.write_str("off"),
        ApChange::Password(security) => {
            f.write_str("password")?;
            write_security(f, security)
        }
        ApChange::Rssi(dbm) => write!(f, "rssi {dbm}"),
        ApChange::Dhcp(true) => f.write_str("dhcp on"),
        ApChange::Dhcp(false) => f.write_str("dhcp off"),
        ApChange::Deauth => f.write_str("deauth"),
        ApChange::Comeback(ms) => write!(f, "comeback {ms}"),
        ApChange::Channel(channel) => write!(f, "channel {}", channel.number()),
    }
}
