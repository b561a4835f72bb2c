//! The lines that answer: codes, acknowledgements and changes of state, to the letter.

use core::fmt;
use core::net::Ipv4Addr;

use super::{Context, FleetStanding};
use crate::command::{Door, Refusal, Verdict};
use crate::config::Mode;
use crate::event::Course;
use crate::net::{Channel, KeyMaterial, Passphrase, Ssid};
use crate::status::{State, Status};
use crate::text::{self, Form, Hex, LOWER, Quoted};

/// What ends a line of output.
pub(super) const EOL: &str = "\r\n";

/// What stands for a secret where it is not shown.
const MASK: &str = "********";

/// Why a command is refused or failed: its code and detail, as they stand in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No such command.
    UnknownVerb,
    /// The line had more than 255 bytes.
    LineTooLong,
    /// The command does not take that many fields.
    FieldCount,
    /// Credentials are being proved or the first round runs, or the radio is not free (the detail
    /// says so).
    Busy(&'static str),
    /// This field is wrong.
    BadField(&'static str),
    /// The store did not take it.
    SaveFailed,
    /// Sixteen other networks are known.
    ListFull,
    /// The credentials failed, and how.
    ConnectFailed(&'static str),
    /// The access point is not up.
    ScanApOnly,
}

impl Fault {
    /// Why the machine refused.
    pub(super) fn of_refusal(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Busy => Self::Busy(""),
            Refusal::ScanFailed => Self::Busy(" scan_failed"),
            Refusal::TooManyAskers => Self::Busy(" too_many_askers"),
            Refusal::ListFull => Self::ListFull,
            Refusal::SaveFailed => Self::SaveFailed,
            Refusal::UnknownNetwork => Self::BadField("ssid"),
            Refusal::ScanApOnly => Self::ScanApOnly,
            Refusal::Forbidden => Self::BadField("mode"),
        }
    }

    /// How credentials failed; none: they did not.
    pub(super) fn of_verdict(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Trying | Verdict::Ok => None,
            Verdict::SaveFailed => Some(Self::SaveFailed),
            Verdict::Failed(_) | Verdict::Interrupted => Some(Self::ConnectFailed(verdict.name())),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownVerb => f.write_str("E01 BAD_CMD"),
            Self::LineTooLong => f.write_str("E03 BAD_PARAM line_too_long"),
            Self::FieldCount => f.write_str("E03 BAD_PARAM fields"),
            Self::Busy(detail) => write!(f, "NET_BUSY_CONNECTING{detail}"),
            Self::BadField(field) => write!(f, "NET_BAD_PARAM {field}"),
            Self::SaveFailed => f.write_str("NET_SAVE_FAILED"),
            Self::ListFull => f.write_str("NET_SAVE_FAILED list_full"),
            Self::ConnectFailed(class) => write!(f, "NET_CONNECT_FAILED {class}"),
            Self::ScanApOnly => f.write_str("NET_SCAN_AP_ONLY"),
        }
    }
}

/// What the machine was asked, to say what was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Join,
    Edit,
    Mode(Mode),
    Ap,
    Reset,
    Reboot,
    Fleet,
}

/// A line that waits to be printed. Small, so that a few of them can wait for the end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// `CTRL:ERR …`
    Fault(u32, Fault),
    /// `CTRL:ACK … known=<n>`
    Known(u32, u8),
    /// `CTRL:ACK …`, by what was asked.
    Done(u32, Asked),
    /// The rows of a scan.
    Scanned(u32),
    /// `CTRL: NET:<state> …`, for the command of that CID or for nobody.
    State(Option<u32>, StateLine),
    /// `CTRL: NET:CONFIG_APPLIED …`
    ConfigApplied(u32),
    /// `CTRL: NET:SESSION_STARTED …`
    SessionStarted(Course),
    /// `CTRL: NET:SESSION_ENDED`
    SessionEnded,
    /// `CTRL: NET:RESET_BUTTON LONG_PRESS`
    ResetButton,
}

impl Line {
    /// Whether nobody on this console asked for it.
    pub(super) fn is_unasked(&self) -> bool {
        match self {
            Self::State(None, _)
            | Self::ConfigApplied(_)
            | Self::SessionStarted(_)
            | Self::SessionEnded
            | Self::ResetButton => true,
            Self::State(Some(_), _)
            | Self::Fault(..)
            | Self::Known(..)
            | Self::Done(..)
            | Self::Scanned(_) => false,
        }
    }
}

/// How the state was when it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StateLine {
    state: State,
    ssid: Option<Ssid>,
    ip: Ipv4Addr,
    rssi: Option<i8>,
}

impl StateLine {
    /// The line for a change to that state; none: it has none.
    pub(super) fn new(state: State, status: &Status) -> Option<Self> {
        let candidate = status.candidate.map(|(ssid, _)| ssid);
        let (ssid, ip) = match state {
            State::Off => return None,
            State::ApActive => (Some(status.ap_ssid), status.ap_ip),
            State::Connecting if status.state == state => (status.ssid, Ipv4Addr::UNSPECIFIED),
            // It changed again meanwhile: a proof that failed at once.
            State::Connecting => (candidate, Ipv4Addr::UNSPECIFIED),
            State::Connected => (status.ssid, status.ip),
        };
        Some(Self {
            state,
            ssid,
            ip,
            rssi: status.rssi,
        })
    }

    /// Writes the line for the command of that CID, or for nobody.
    pub(super) fn write(&self, cid: Option<u32>, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "CTRL: NET:{}", self.state.name())?;
        if let Some(cid) = cid {
            write!(out, " CID={cid}")?;
        }
        write!(out, " ssid={}", quoted(self.ssid.as_ref()))?;
        match self.state {
            State::Off | State::Connecting => {}
            State::ApActive => write!(out, " ip={}", self.ip)?,
            State::Connected => write!(out, " ip={} rssi={}", self.ip, Rssi(self.rssi))?,
        }
        out.write_str(EOL)
    }
}

/// Writes the answer of `NET:STATUS`.
pub(super) fn write_status(
    cid: u32,
    status: &Status,
    ap_key: Option<&Passphrase>,
    door: Door,
    out: &mut dyn fmt::Write,
) -> fmt::Result {
    write!(
        out,
        "CTRL:ACK CID={cid} state={} rssi={} ip={} ssid={} ap_ssid={} ap_pass=",
        status.state.name(),
        Rssi(status.rssi.filter(|_| status.state == State::Connected)),
        status.ip,
        quoted(status.ssid.as_ref()),
        Quoted(status.ap_ssid.as_bytes()),
    )?;
    if door.is_local() {
        write_key(ap_key, out)?;
    } else {
        write!(out, "\"{MASK}\"")?;
    }
    write!(out, " mac={}{EOL}", status.mac)
}

/// Writes a key between quotes; nothing between them: there is none.
pub(super) fn write_key(key: Option<&Passphrase>, out: &mut dyn fmt::Write) -> fmt::Result {
    match key.map(Passphrase::material) {
        None => out.write_str("\"\""),
        Some(KeyMaterial::Phrase(phrase)) => text::quote(phrase.as_bytes(), Form::Console, out),
        Some(KeyMaterial::Raw(key)) => {
            out.write_str("\"")?;
            text::write_hex(key, LOWER, out)?;
            out.write_str("\"")
        }
    }
}

/// Writes what follows the CID in the answer of `NET:AP`. The channel is that in use, else the
/// configured one, else the one that it starts on where no scan knows better.
pub(super) fn write_ap(context: &Context<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    let status = context.manager.status();
    let channel = status.ap_channel.or(context.manager.wifi().ap.channel);
    write!(
        out,
        "ssid={} channel={} clients={}{EOL}",
        Quoted(status.ap_ssid.as_bytes()),
        channel.unwrap_or(Channel::ONE).number(),
        context.clients.len()
    )
}

/// Writes what follows the CID in the answer of `NET:FLEET`.
pub(super) fn write_fleet(context: &Context<'_>, out: &mut dyn fmt::Write) -> fmt::Result {
    let standing = match context.fleet.standing {
        FleetStanding::None => "none",
        FleetStanding::Pending => "pending",
        FleetStanding::Ok => "ok",
        FleetStanding::Error => "error",
    };
    let fingerprint = context.fleet.fingerprint.as_ref();
    write!(
        out,
        "fleet={standing} url={} fingerprint={}{EOL}",
        Quoted(context.services.fleet_url.as_bytes()),
        Hex(fingerprint.map_or(&[], |bytes| bytes.as_slice()))
    )
}

/// A name between quotes; nothing between them: there is none.
fn quoted(ssid: Option<&Ssid>) -> Quoted<'_> {
    Quoted(ssid.map_or(&[], Ssid::as_bytes))
}

/// A strength in dBm; `NA` where there is none.
pub(super) struct Rssi(pub(super) Option<i8>);

impl fmt::Display for Rssi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(rssi) => text::write_dbm(rssi, f),
            None => f.write_str("NA"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::CHUNK_MAX;
    use crate::net::{Mac, Security};
    use crate::radio::FailureClass;
    use expect_test::expect;
    use std::string::String;

    fn status(state: State) -> Status {
        let ssid = |name: &[u8]| Ssid::new(name).unwrap();
        let home = Some(ssid(b"home"));
        let ap_ip = Ipv4Addr::new(192, 168, 4, 1);
        let (name, ip, rssi) = match state {
            State::Off => (None, Ipv4Addr::UNSPECIFIED, None),
            State::ApActive => (None, ap_ip, None),
            State::Connecting => (home, Ipv4Addr::UNSPECIFIED, None),
            State::Connected => (home, Ipv4Addr::new(10, 0, 0, 2), Some(-48)),
        };
        Status {
            state,
            mode: Mode::StaAp,
            ssid: name,
            ip,
            rssi,
            mac: Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]),
            ap_ssid: ssid(b"Landfall-56789A"),
            ap_ip,
            ap_up: state == State::ApActive,
            ap_channel: None,
            station_ip: None,
            retrying: false,
            candidate: Some((ssid(b"new\r\n\"one"), Verdict::Trying)),
            internet: None,
            safe_mode: false,
        }
    }

    const STATES: [State; 4] = [
        State::Off,
        State::ApActive,
        State::Connecting,
        State::Connected,
    ];

    #[test]
    fn status_lines() {
        let Security::Personal(key) = Security::from_password(b"say \"friend\"").unwrap() else {
            unreachable!("it has a password")
        };
        let mut text = String::new();
        for state in STATES {
            write_status(1, &status(state), Some(&key), Door::Serial(0), &mut text).unwrap();
        }
        let connected = status(State::Connected);
        write_status(u32::MAX, &connected, Some(&key), Door::Mqtt, &mut text).unwrap();
        write_status(3, &connected, None, Door::Serial(1), &mut text).unwrap();
        let raw = Passphrase::new(&[b'A'; 64]).unwrap();
        write_status(4, &connected, Some(&raw), Door::Serial(1), &mut text).unwrap();
        expect![[r#"
            CTRL:ACK CID=1 state=OFF rssi=NA ip=0.0.0.0 ssid="" ap_ssid="Landfall-56789A" ap_pass="say \"friend\"" mac=24:6F:28:56:78:9A
            CTRL:ACK CID=1 state=AP_ACTIVE rssi=NA ip=192.168.4.1 ssid="" ap_ssid="Landfall-56789A" ap_pass="say \"friend\"" mac=24:6F:28:56:78:9A
            CTRL:ACK CID=1 state=CONNECTING rssi=NA ip=0.0.0.0 ssid="home" ap_ssid="Landfall-56789A" ap_pass="say \"friend\"" mac=24:6F:28:56:78:9A
            CTRL:ACK CID=1 state=CONNECTED rssi=-48 ip=10.0.0.2 ssid="home" ap_ssid="Landfall-56789A" ap_pass="say \"friend\"" mac=24:6F:28:56:78:9A
            CTRL:ACK CID=4294967295 state=CONNECTED rssi=-48 ip=10.0.0.2 ssid="home" ap_ssid="Landfall-56789A" ap_pass="********" mac=24:6F:28:56:78:9A
            CTRL:ACK CID=3 state=CONNECTED rssi=-48 ip=10.0.0.2 ssid="home" ap_ssid="Landfall-56789A" ap_pass="" mac=24:6F:28:56:78:9A
            CTRL:ACK CID=4 state=CONNECTED rssi=-48 ip=10.0.0.2 ssid="home" ap_ssid="Landfall-56789A" ap_pass="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" mac=24:6F:28:56:78:9A
        "#]].assert_eq(&text.replace('\r', ""));
        assert_eq!(text.matches("\r\n").count(), 7);
    }

    #[test]
    fn the_longest_line_fits_a_call() {
        let name = Ssid::new(&[1; 32]).unwrap();
        let key = Passphrase::new(&[b'"'; 63]).unwrap();
        let status = Status {
            ssid: Some(name),
            ap_ssid: name,
            ip: Ipv4Addr::BROADCAST,
            rssi: Some(-128),
            ..status(State::Connected)
        };
        let mut text = String::new();
        write_status(u32::MAX, &status, Some(&key), Door::Serial(0), &mut text).unwrap();
        assert!((490..=CHUNK_MAX).contains(&text.len()), "{}", text.len());
    }

    #[test]
    fn state_lines() {
        let mut text = String::new();
        for state in STATES {
            for cid in [Some(7), None] {
                if let Some(line) = StateLine::new(state, &status(state)) {
                    line.write(cid, &mut text).unwrap();
                }
            }
        }
        let over = StateLine::new(State::Connecting, &status(State::ApActive)).unwrap();
        over.write(Some(8), &mut text).unwrap();
        expect![[r#"
            CTRL: NET:AP_ACTIVE CID=7 ssid="Landfall-56789A" ip=192.168.4.1
            CTRL: NET:AP_ACTIVE ssid="Landfall-56789A" ip=192.168.4.1
            CTRL: NET:CONNECTING CID=7 ssid="home"
            CTRL: NET:CONNECTING ssid="home"
            CTRL: NET:CONNECTED CID=7 ssid="home" ip=10.0.0.2 rssi=-48
            CTRL: NET:CONNECTED ssid="home" ip=10.0.0.2 rssi=-48
            CTRL: NET:CONNECTING CID=8 ssid="new\x0D\x0A\"one"
        "#]]
        .assert_eq(&text.replace('\r', ""));
    }

    #[test]
    fn faults() {
        let refusals = [
            Refusal::Busy,
            Refusal::ListFull,
            Refusal::SaveFailed,
            Refusal::UnknownNetwork,
            Refusal::ScanApOnly,
            Refusal::ScanFailed,
            Refusal::TooManyAskers,
            Refusal::Forbidden,
        ];
        let verdicts = [
            Verdict::Trying,
            Verdict::Ok,
            Verdict::Failed(FailureClass::WrongPassword),
            Verdict::Interrupted,
            Verdict::SaveFailed,
        ];
        let lines: std::vec::Vec<String> = refusals
            .into_iter()
            .map(|refusal| std::format!("{refusal:?}: {}", Fault::of_refusal(refusal)))
            .chain(verdicts.into_iter().map(|verdict| {
                let fault = Fault::of_verdict(verdict).map(|fault| std::format!("{fault}"));
                std::format!("{verdict:?}: {fault:?}")
            }))
            .collect();
        expect![[r#"
            Busy: NET_BUSY_CONNECTING
            ListFull: NET_SAVE_FAILED list_full
            SaveFailed: NET_SAVE_FAILED
            UnknownNetwork: NET_BAD_PARAM ssid
            ScanApOnly: NET_SCAN_AP_ONLY
            ScanFailed: NET_BUSY_CONNECTING scan_failed
            TooManyAskers: NET_BUSY_CONNECTING too_many_askers
            Forbidden: NET_BAD_PARAM mode
            Trying: None
            Ok: None
            Failed(WrongPassword): Some("NET_CONNECT_FAILED wrong_password")
            Interrupted: Some("NET_CONNECT_FAILED interrupted")
            SaveFailed: Some("NET_SAVE_FAILED")"#]]
        .assert_eq(&lines.join("\n"));
    }
}
