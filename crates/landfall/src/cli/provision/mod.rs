//! `landfall provision`: takes a device onto a network, over its serial port or its portal.

mod ask;
mod label;
mod portal;
mod reason;
mod serial;

use std::fmt;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use landfall_core::net::{Security, Ssid};
use serde_json::json;
use zeroize::Zeroizing;

use self::label::Label;
use self::portal::Portal;
use self::serial::Serial;
use super::{Ended, Failure};

/// Take a device onto a network
///
/// Over its serial port, where Improv is spoken (Landfall, ESPHome, WLED, Tasmota and others), or over
/// the portal of a Landfall. On a terminal the network is picked from what the device hears, and the
/// password is asked for. In a pipe the password is the first line of stdin.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Provision {
    /// The device: a serial port, a pseudo-terminal, or the http:// address of its portal
    device: String,
    /// The network's name; without it one is picked on the terminal
    ssid: Option<String>,
    /// The network has no password
    #[arg(long, conflicts_with = "password")]
    open: bool,
    /// The network's password. Others on this machine can read it: a prompt or stdin is better
    #[arg(long)]
    password: Option<String>,
    /// List the networks that the device hears, and change nothing
    #[arg(long, conflicts_with_all = ["ssid", "password", "open", "label"])]
    scan: bool,
    /// Print a label with the code that takes a phone onto the device's own network; without a name of a
    /// network nothing else
    #[arg(long, value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    label: Option<LabelForm>,
    /// Print for programs: one line of JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  landfall provision /dev/ttyUSB0                                  pick a network, type its password
  landfall provision /dev/ttyUSB0 HomeNetwork < password.txt       in a script
  landfall provision http://192.168.4.1 CafeFree --open --json     over the portal
  landfall provision /dev/ttyUSB0 --scan                           what does it hear?
  landfall provision /dev/ttyUSB0 --label=svg > label.svg          a label to stick on it";

/// What a label is printed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LabelForm {
    /// For a terminal, or a printer of text
    Text,
    /// A drawing
    Svg,
}

/// What a device says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
struct About {
    name: String,
    /// What it runs, as people read it.
    firmware: String,
    /// None: it does not say.
    hardware_id: Option<String>,
}

/// A network that a device hears.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    ssid: Vec<u8>,
    rssi: i64,
    secure: bool,
}

/// What a device is to join.
struct Wanted {
    ssid: Ssid,
    /// Checked already.
    password: Zeroizing<String>,
}

/// A way to a device.
enum Door {
    Serial(Serial),
    Portal(Portal),
}

impl Door {
    /// Finds the device.
    fn open(device: &str) -> Result<Self, Failure> {
        if device.contains("://") {
            Portal::open(device).map(Self::Portal)
        } else {
            Serial::open(Path::new(device)).map(Self::Serial)
        }
    }

    fn about(&mut self) -> Result<About, Failure> {
        match self {
            Self::Serial(serial) => serial.about(),
            Self::Portal(portal) => portal.about(),
        }
    }

    fn scan(&mut self) -> Result<Vec<Row>, Failure> {
        match self {
            Self::Serial(serial) => serial.scan(),
            Self::Portal(portal) => portal.scan(),
        }
    }

    /// Where the device is, once it is on that network.
    fn join(&mut self, wanted: &Wanted) -> Result<String, Failure> {
        match self {
            Self::Serial(serial) => serial.join(wanted),
            Self::Portal(portal) => portal.join(wanted),
        }
    }

    fn label(&mut self) -> Result<Label, Failure> {
        match self {
            Self::Serial(serial) => serial.label(),
            Self::Portal(portal) => portal.label(),
        }
    }
}

impl Provision {
    pub(super) fn run(self) -> Ended {
        let interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if self.ssid.is_none() && !self.scan && self.label.is_none() && !interactive {
            let missing =
                "name a network, or give --scan or --label: there is no terminal to pick one on";
            super::end_as_wrong_usage("provision", ErrorKind::MissingRequiredArgument, missing);
        }
        let given = self.given(interactive)?;
        let mut door = busy("looking for the device", || Door::open(&self.device))?;
        if self.scan {
            let rows = busy("scanning", || door.scan())?;
            return print(format_args!(
                "{}",
                Rows {
                    rows: &rows,
                    json: self.json
                }
            ));
        }
        if let (Some(form), None) = (self.label, &self.ssid) {
            return self.print_label(form, &mut door);
        }
        let about = busy("looking for the device", || door.about())?;
        let wanted = match given {
            Some(wanted) => wanted,
            None => {
                eprintln!("{} ({})", about.name, about.firmware);
                let rows = busy("scanning", || door.scan())?;
                ask::wanted(self.ssid.as_deref(), &rows)?
            }
        };
        let url = busy(&format!("joining {}", wanted.ssid), || door.join(&wanted))?;
        self.tell(&about, &wanted.ssid, &url)?;
        match self.label {
            Some(form) => self.print_label(form, &mut door),
            None => Ok(ExitCode::SUCCESS),
        }
    }

    /// What the command line and a pipe say; none: the user is asked.
    fn given(&self, interactive: bool) -> Result<Option<Wanted>, Failure> {
        let Some(ssid) = &self.ssid else {
            return Ok(None);
        };
        let password = match &self.password {
            Some(password) => Zeroizing::new(password.clone()),
            None if self.open => Zeroizing::new(String::new()),
            None if interactive => return Ok(None),
            None => ask::line_of_stdin()?,
        };
        wanted(ssid.as_bytes(), password).map(Some)
    }

    fn tell(&self, about: &About, ssid: &Ssid, url: &str) -> Ended {
        if self.json {
            let line = json!({
                "name": about.name,
                "hardware_id": about.hardware_id,
                "ssid": ssid.to_string(),
                "url": url,
            });
            print(line)
        } else {
            print(format_args!("{} is on {ssid}: {url}", about.name))
        }
    }

    fn print_label(&self, form: LabelForm, door: &mut Door) -> Ended {
        let label = busy("asking for its key", || door.label())?;
        match form {
            _ if self.json => print(label.json()),
            LabelForm::Text => print(format_args!("{}", label.text())),
            LabelForm::Svg => print(format_args!("{}", label.svg())),
        }
    }
}

/// Checks what is to be joined, before a device is bothered with it.
fn wanted(ssid: &[u8], password: Zeroizing<String>) -> Result<Wanted, Failure> {
    let ssid = Ssid::new(ssid)
        .map_err(|_| Failure::new("name", "not 1 to 32 bytes", "give the network's name"))?;
    if Security::from_password(password.as_bytes()).is_err() {
        let why = "neither 8 to 63 printable characters nor 64 hexadecimal digits";
        let help = "give the network's password, or --open";
        return Err(Failure::new("password", why, help));
    }
    Ok(Wanted { ssid, password })
}

/// Shows on a terminal that something is done; in a pipe nothing.
fn busy<T>(what: &str, work: impl FnOnce() -> T) -> T {
    /// How often the sign moves.
    const TICK: Duration = Duration::from_millis(100);

    let bar = ProgressBar::new_spinner().with_message(what.to_owned());
    bar.enable_steady_tick(TICK);
    let done = work();
    bar.finish_and_clear();
    done
}

fn print(what: impl fmt::Display) -> Ended {
    let mut out = std::io::stdout().lock();
    let printed = writeln!(out, "{what}").and_then(|()| out.flush());
    printed.map_err(|e| Failure::new("stdout", e, "keep it open"))?;
    Ok(ExitCode::SUCCESS)
}

/// The networks that a device hears, for people or programs.
struct Rows<'a> {
    rows: &'a [Row],
    json: bool,
}

impl fmt::Display for Rows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.json {
            let rows = self.rows.iter().map(|row| {
                let hex: String = row.ssid.iter().map(|b| format!("{b:02x}")).collect();
                json!({
                    "ssid": String::from_utf8_lossy(&row.ssid),
                    "ssid_hex": hex,
                    "rssi": row.rssi,
                    "secure": row.secure,
                })
            });
            return write!(f, "{}", rows.collect::<serde_json::Value>());
        }
        for (n, row) in self.rows.iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}{row}")?;
        }
        Ok(())
    }
}

/// A stranger chose the name: what is no text in it is shown escaped.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lock = if self.secure { "password" } else { "open" };
        let name = String::from_utf8_lossy(&self.ssid);
        let name: String = name
            .chars()
            .flat_map(|c| match c.is_control() {
                true => c.escape_default().collect::<Vec<_>>(),
                false => vec![c],
            })
            .collect();
        write!(f, "{name:<32}  {:>4} dBm  {lock}", self.rssi)
    }
}
