//! A device by its serial port: Improv, and the console of a Landfall beside it.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use landfall_core::improv::{Answer, Error, Kind, Reader, State, Step, Verb};
use zeroize::Zeroizing;

use super::label::{Label, hardware_id};
use super::{About, Row, Wanted, reason};
use crate::cli::{Failure, console};

/// Most data of a frame.
const DATA_MAX: usize = 255;
/// Longest line of the console that is looked at as one.
const LINE_MAX: usize = 4096;
/// A port that said nothing for so long has nothing left that it said before.
const QUIET: Duration = Duration::from_millis(150);
/// How long a port that does not fall quiet is listened to before anything is asked.
const QUIET_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a device may take to answer at all: it may just be booting.
const DETECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is asked meanwhile.
const DETECT_RETRY: Duration = Duration::from_secs(1);
/// Bound of an answer: the device gives one within 25 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the console is asked for.
const CONSOLE_TIMEOUT: Duration = Duration::from_secs(5);

/// A device on a serial port.
pub(super) struct Serial {
    path: String,
    port: File,
    heard: Receiver<Heard>,
    about: Option<About>,
}

/// What comes from the port.
#[derive(Debug)]
enum Heard {
    /// A frame whose sum is right.
    Frame { kind: u8, data: Vec<u8> },
    /// A line of the console.
    Line(Zeroizing<String>),
}

/// What a device answers to a request.
#[derive(Debug)]
enum Told {
    State(u8),
    Error(u8),
    /// To that command.
    Result(u8, Vec<Vec<u8>>),
}

impl Serial {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let port = console::open(path)
            .map_err(|e| Failure::new(&shown, e, "name a serial port you may open"))?;
        let reader = port
            .try_clone()
            .map_err(|e| Failure::new(&shown, e, "try again"))?;
        let (tell, heard) = channel();
        std::thread::spawn(move || hear(reader, &tell));
        let serial = Self {
            path: shown,
            port,
            heard,
            about: None,
        };
        serial.pass_over();
        Ok(serial)
    }

    /// Passes over what was said before anything was asked.
    fn pass_over(&self) {
        let ends = Instant::now() + QUIET_TIMEOUT;
        while Instant::now() < ends && self.heard.recv_timeout(QUIET).is_ok() {}
    }

    /// Asks a device that may be booting until it answers, and then what it is.
    pub(super) fn about(&mut self) -> Result<About, Failure> {
        if let Some(about) = &self.about {
            return Ok(about.clone());
        }
        let ends = Instant::now() + DETECT_TIMEOUT;
        loop {
            self.send(Verb::State, &[])?;
            let until = (Instant::now() + DETECT_RETRY).min(ends);
            if self
                .wait(until, |told| matches!(told, Told::State(_)).then_some(()))?
                .is_some()
            {
                break;
            }
            if Instant::now() >= ends {
                let help = "see that the device runs, and that no other program holds the port";
                return Err(Failure::new(&self.path, "nobody speaks Improv there", help));
            }
        }
        let texts = self.ask(Verb::Info)?;
        let text = |n: usize| String::from_utf8_lossy(texts.get(n).map_or(&[], |t| t)).into_owned();
        let firmware = format!("{} {} on {}", text(0), text(1), text(2));
        let about = About {
            name: text(3),
            firmware,
            hardware_id: match text(0).as_str() {
                "Landfall" => self.status_field("mac").map(|mac| hardware_id(&mac)),
                _ => None,
            },
        };
        self.about = Some(about.clone());
        Ok(about)
    }

    pub(super) fn scan(&mut self) -> Result<Vec<Row>, Failure> {
        self.about()?;
        self.send(Verb::Scan, &[])?;
        let ends = Instant::now() + ANSWER_TIMEOUT;
        let mut rows = Vec::new();
        loop {
            let told = self.wait(ends, |told| match told {
                Told::Result(verb, texts) if verb == Verb::Scan as u8 => Some(Ok(texts)),
                Told::Error(error) if error != Error::None as u8 => Some(Err(error)),
                Told::Result(..) | Told::Error(_) | Told::State(_) => None,
            })?;
            match told {
                Some(Ok(texts)) if texts.is_empty() => break,
                Some(Ok(texts)) => rows.extend(row(&texts)),
                Some(Err(error)) => return Err(self.failed("scan", error)),
                None => return Err(self.silent()),
            }
        }
        rows.sort_by_key(|row: &Row| -row.rssi);
        Ok(rows)
    }

    pub(super) fn join(&mut self, wanted: &Wanted) -> Result<String, Failure> {
        self.about()?;
        let counted = |text: &[u8]| [&[text.len() as u8][..], text].concat();
        let settings = Zeroizing::new(
            [
                counted(wanted.ssid.as_bytes()),
                counted(wanted.password.as_bytes()),
            ]
            .concat(),
        );
        self.send(Verb::Settings, &settings)?;
        let ends = Instant::now() + ANSWER_TIMEOUT;
        let mut tried = false;
        let ended = self.wait(ends, |told| match told {
            Told::Result(verb, texts) if verb == Verb::Settings as u8 => Some(Ok(texts)),
            Told::Error(error) if error != Error::None as u8 => Some(Err(error)),
            Told::State(state) => {
                tried |= state == State::Provisioning as u8;
                None
            }
            Told::Result(..) | Told::Error(_) => None,
        })?;
        match ended {
            Some(Ok(texts)) => {
                let url = texts.into_iter().next().unwrap_or_default();
                Ok(String::from_utf8_lossy(&url).into_owned())
            }
            Some(Err(error)) if error == Error::UnableToConnect as u8 => {
                Err(self.not_joined(&wanted.ssid.to_string(), tried))
            }
            Some(Err(error)) => Err(self.failed("settings", error)),
            None => Err(self.silent()),
        }
    }

    /// Why a network was not joined. Improv has one word for it; a Landfall's console has more.
    fn not_joined(&mut self, ssid: &str, tried: bool) -> Failure {
        if !tried {
            let why = "the device proves other credentials, or cannot store these";
            return Failure::new(ssid, why, "try again in 20 s");
        }
        let is_ours = self
            .about
            .as_ref()
            .is_some_and(|about| about.hardware_id.is_some());
        let class = is_ours.then(|| self.last_class()).flatten();
        match class {
            Some(class) => reason::failure(ssid, &class),
            None => {
                let why = "the device could not join it";
                Failure::new(ssid, why, "see to the password, and that it is in range")
            }
        }
    }

    /// The class of the last failed attempt, as the console's list of events tells it.
    fn last_class(&mut self) -> Option<String> {
        let mut last = None;
        self.console("NET:EVENTS", |line| {
            if line.contains(" STA_DISCONNECTED ") {
                last = line.rsplit_once(" class=").map(|(_, rest)| rest.to_owned());
            }
            line.starts_with("NET:EVENTS CID=") && line.contains(" end=")
        })?;
        let last = last?;
        last.split(' ').next().map(str::to_owned)
    }

    pub(super) fn label(&mut self) -> Result<Label, Failure> {
        let name = self.about().map(|about| about.name);
        let field = |serial: &mut Self, name| {
            serial.status_field(name).ok_or_else(|| {
                let help = "see that it is a Landfall";
                Failure::new(&serial.path, "no NET: console answers", help)
            })
        };
        let mac = field(self, "mac")?;
        let ap_ssid = field(self, "ap_ssid")?;
        let key = Zeroizing::new(field(self, "ap_pass")?);
        let name = name.unwrap_or_else(|_| ap_ssid.clone());
        Label::new(
            &name,
            &mac,
            &unquoted(&ap_ssid),
            &String::from_utf8_lossy(&unquoted(&key)),
        )
    }

    /// A field of the console's status, as it stands there; none: no such console is there.
    fn status_field(&mut self, name: &str) -> Option<String> {
        let mut found = None;
        self.console("NET:STATUS", |line| {
            let status = line.starts_with("CTRL:ACK CID=") && line.contains(" state=");
            if status {
                found = field(line, name).map(str::to_owned);
            }
            status
        })?;
        found
    }

    /// Sends a line to the console, and looks at its lines until `is_last`; none: it did not come.
    fn console(&mut self, line: &str, mut is_last: impl FnMut(&str) -> bool) -> Option<()> {
        // What stands half typed there is ended first.
        self.port.write_all(b"\r").ok()?;
        self.port.write_all(line.as_bytes()).ok()?;
        self.port.write_all(b"\r").ok()?;
        let ends = Instant::now() + CONSOLE_TIMEOUT;
        loop {
            let left = ends.saturating_duration_since(Instant::now());
            if let Heard::Line(line) = self.heard.recv_timeout(left).ok()?
                && is_last(&line)
            {
                return Some(());
            }
        }
    }

    /// Asks something that has one result.
    fn ask(&mut self, verb: Verb) -> Result<Vec<Vec<u8>>, Failure> {
        self.send(verb, &[])?;
        let ends = Instant::now() + ANSWER_TIMEOUT;
        let told = self.wait(ends, |told| match told {
            Told::Result(number, texts) if number == verb as u8 => Some(Ok(texts)),
            Told::Error(error) if error != Error::None as u8 => Some(Err(error)),
            Told::Result(..) | Told::Error(_) | Told::State(_) => None,
        })?;
        match told {
            Some(Ok(texts)) => Ok(texts),
            Some(Err(error)) => Err(self.failed("request", error)),
            None => Err(self.silent()),
        }
    }

    fn send(&mut self, verb: Verb, payload: &[u8]) -> Result<(), Failure> {
        let head = [verb as u8, payload.len() as u8];
        let frame = Answer::new(Kind::Request, &[&head, payload]);
        let sent = self.port.write_all(frame.as_bytes());
        sent.map_err(|e| Failure::new(&self.path, e, "see that the device runs"))
    }

    /// Looks at what the device tells until `look` has found something, or the time is over.
    fn wait<T>(
        &self,
        ends: Instant,
        mut look: impl FnMut(Told) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        loop {
            let left = ends.saturating_duration_since(Instant::now());
            match self.heard.recv_timeout(left) {
                Ok(Heard::Frame { kind, data }) => {
                    if let Some(found) = Told::read(kind, &data).and_then(&mut look) {
                        return Ok(Some(found));
                    }
                }
                Ok(Heard::Line(_)) => {}
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => {
                    let help = "see that the device runs";
                    return Err(Failure::new(&self.path, "the port was closed", help));
                }
            }
        }
    }

    fn failed(&self, what: &str, error: u8) -> Failure {
        let known = Error::ALL.into_iter().find(|known| *known as u8 == error);
        let why = match known {
            Some(Error::InvalidRequest) => "the device takes it for wrong",
            Some(Error::UnknownRequest) => "the device does not know the request",
            Some(Error::UnableToConnect) => "the device could not do it in time",
            Some(Error::NotAuthorized) => "the device wants its button pressed first",
            Some(Error::BadHostname) => "the device does not take that name",
            Some(Error::None | Error::Unknown) | None => "the device failed",
        };
        Failure::new(format_args!("{}: {what}", self.path), why, "try again")
    }

    fn silent(&self) -> Failure {
        Failure::new(
            &self.path,
            "no answer within 30 s",
            "see that the device runs",
        )
    }
}

impl Told {
    fn read(kind: u8, data: &[u8]) -> Option<Self> {
        let first = *data.first()?;
        if kind == Kind::State as u8 {
            Some(Self::State(first))
        } else if kind == Kind::Error as u8 {
            Some(Self::Error(first))
        } else if kind == Kind::Result as u8 {
            Some(Self::Result(first, texts(data.get(2..)?)?))
        } else {
            None
        }
    }
}

/// Texts, each with its length before it; none: a length is wrong.
fn texts(mut data: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut texts = Vec::new();
    while let Some((len, rest)) = data.split_first() {
        let (text, rest) = rest.split_at_checked(usize::from(*len))?;
        texts.push(text.to_vec());
        data = rest;
    }
    Some(texts)
}

fn row(texts: &[Vec<u8>]) -> Option<Row> {
    let [ssid, rssi, secure, ..] = texts else {
        return None;
    };
    Some(Row {
        ssid: ssid.clone(),
        rssi: str::from_utf8(rssi).ok()?.parse().ok()?,
        secure: secure != b"NO",
    })
}

/// The value of a field of a line, as it stands there.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = line.split_once(&format!(" {name}="))?;
    let Some(quoted) = value.strip_prefix('"') else {
        return value.split(' ').next();
    };
    let mut escaped = false;
    let end = quoted.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    quoted.get(..end)
}

/// The bytes of a text that the console wrote in quotes.
fn unquoted(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let (byte, after) = match (byte, after) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                let digits = str::from_utf8(&digits).unwrap_or_default();
                (u8::from_str_radix(digits, 16).unwrap_or(b'?'), after)
            }
            (b'\\', [escaped, after @ ..]) => (*escaped, after),
            (byte, after) => (*byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    bytes
}

/// Reads frames and lines until the port is gone, or nobody listens.
fn hear(mut port: File, tell: &Sender<Heard>) {
    let mut reader = Reader::<DATA_MAX>::new();
    let mut line = Zeroizing::new(Vec::new());
    let mut buf = Zeroizing::new([0; 1024]);
    while let Ok(n @ 1..) = port.read(&mut *buf) {
        for byte in &buf[..n] {
            let heard = match reader.handle_byte(*byte) {
                Step::Held => None,
                Step::Text(text) => text.bytes().find_map(|byte| end_of_line(byte, &mut line)),
                Step::Frame(frame) => frame.intact.then(|| Heard::Frame {
                    kind: frame.kind,
                    data: frame.data.to_vec(),
                }),
            };
            if let Some(heard) = heard
                && tell.send(heard).is_err()
            {
                return;
            }
        }
    }
}

/// Adds a byte to the line; gives the line that it ended.
fn end_of_line(byte: u8, line: &mut Vec<u8>) -> Option<Heard> {
    if byte == b'\n' {
        let text = String::from_utf8_lossy(line)
            .trim_end_matches('\r')
            .to_owned();
        line.clear();
        return Some(Heard::Line(Zeroizing::new(text)));
    }
    if line.len() < LINE_MAX {
        line.push(byte);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_unquoted() {
        let line = r#"CTRL:ACK CID=1 state=AP_ACTIVE ssid="" ap_ssid="a\"b\\ mac=\xFF" mac=24:6F"#;
        let ap_ssid = field(line, "ap_ssid").unwrap();
        assert_eq!(unquoted(ap_ssid), b"a\"b\\ mac=\xff");
        assert_eq!(field(line, "ssid"), Some(""));
        assert_eq!(field(line, "state"), Some("AP_ACTIVE"));
        assert_eq!(field(line, "nope"), None);
    }

    #[test]
    fn a_result_with_a_wrong_length_is_none() {
        assert_eq!(texts(b"\x01a\x00"), Some(vec![b"a".to_vec(), Vec::new()]));
        assert_eq!(texts(b"\x02a"), None);
        assert!(Told::read(4, b"\x04").is_none() && Told::read(9, b"x").is_none());
    }
}
