//! The access point: hostapd, started when it comes up and ended when it goes down.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use async_io::Timer;
use landfall_core::net::{Channel, Mac};

use super::driver::Settings;
use crate::control::{Control, ControlError};
use crate::hostapd::{self, AccessPoint, Event};
use crate::program::Program;
use crate::wpa::text::line;

/// Time for it to be up after it answers; a radar-free channel takes a moment, a country another one.
const UP_TIMEOUT: Duration = Duration::from_secs(4);
/// How often it is asked meanwhile.
const UP_RETRY: Duration = Duration::from_millis(20);
/// The folder of its sockets, in ours.
pub(super) const SOCKETS: &str = "hostapd";
/// Who may read the file with its key.
const MODE: u32 = 0o600;

/// A running hostapd.
pub(super) struct Ap {
    program: Program,
    pub(super) target: AccessPoint,
    pub(super) channel: Channel,
    pub(super) clients: Vec<Mac>,
}

/// What happened there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApEvent {
    Said(Event),
    Gone,
}

impl Ap {
    /// Brings it up on that interface.
    ///
    /// # Errors
    /// hostapd is not installed, ends at once, or is not up in time.
    pub(super) async fn start(
        settings: &Settings,
        interface: &str,
        target: AccessPoint,
        channel: Channel,
    ) -> io::Result<Self> {
        let folder = settings.run.join(SOCKETS);
        let config = settings.run.join("hostapd.conf");
        let text = target.config(interface, &folder, channel, settings.country.as_deref());
        write_private(&config, text.as_bytes())?;
        let words = [config.as_os_str()];
        let socket = folder.join(interface);
        let started = Program::start("hostapd", &words, &socket, &settings.run).await;
        // It has read its key.
        let _ = std::fs::remove_file(&config);
        let program = started?;
        match up(program.control()).await {
            Ok(is) => Ok(Self {
                program,
                target,
                channel: is.unwrap_or(channel),
                clients: Vec::new(),
            }),
            Err(error) => {
                program.stop().await;
                Err(error)
            }
        }
    }

    /// Takes it down.
    pub(super) async fn stop(self) {
        self.program.stop().await;
    }

    /// What happens next. Dropping the future loses nothing.
    pub(super) async fn next(&self) -> ApEvent {
        match self.program.next().await {
            Some(line) => ApEvent::Said(Event::parse(&line)),
            None => ApEvent::Gone,
        }
    }

    fn control(&self) -> &Control {
        self.program.control()
    }

    /// Begins to move; refused where the driver cannot announce it.
    pub(super) async fn move_to(&self, channel: Channel) -> Result<(), ControlError> {
        self.control().order(&hostapd::move_request(channel)).await
    }

    /// Has a client leave.
    pub(super) async fn let_go(&self, client: Mac) -> Result<(), ControlError> {
        self.control()
            .order(&format!("DEAUTHENTICATE {client}"))
            .await
    }

    /// How strongly a client is heard, in dBm.
    pub(super) async fn rssi(&self, client: Mac) -> Option<i8> {
        let said = self.control().ask(&format!("STA {client}")).await.ok()?;
        let rssi: i32 = line(&said, "signal")?.parse().ok()?;
        Some(rssi.clamp(-127, 0) as i8)
    }
}

/// Waits until it is up; gives its channel.
async fn up(control: &Control) -> io::Result<Option<Channel>> {
    let deadline = Instant::now() + UP_TIMEOUT;
    loop {
        let status = control.ask("STATUS").await.map_err(io::Error::other)?;
        match line(&status, "state") {
            Some("ENABLED") => {
                let number = line(&status, "channel").and_then(|number| number.parse().ok());
                return Ok(number.and_then(Channel::of_either_band));
            }
            Some("DISABLED") => {
                return Err(io::Error::other("the driver refused the access point"));
            }
            Some(_) | None if Instant::now() > deadline => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Some(_) | None => drop(Timer::after(UP_RETRY).await),
        }
    }
}

fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    // One that was left over may have been made otherwise.
    let _ = std::fs::remove_file(path);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(MODE).open(path)?;
    file.write_all(content)
}
