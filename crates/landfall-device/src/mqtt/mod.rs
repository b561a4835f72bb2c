//! The MQTT gateway: tells a broker how the device stands and what happens, and, where the
//! configuration allows it, takes console lines from there.
//!
//! | topic | holds |
//! |---|---|
//! | `landfall/<hardware id>/state` | what `GET /api/status` shows in the station's network, retained |
//! | `landfall/<hardware id>/event` | every event, one JSON object each, as in `GET /api/events` |
//! | `landfall/<hardware id>/online` | `online`, and `offline` as the last will, retained |
//! | `landfall/<hardware id>/cmd` | lines for the console, with `mqtt.commands` alone |
//! | `landfall/<hardware id>/reply` | what the console prints, a message for each line |
//! | `homeassistant/…/<hardware id>/…/config` | discovery of connectivity, signal and address, retained |
//!
//! It speaks MQTT 5, over TLS where the URL is `mqtts://` and the device has that, and asks for an acknowledgement of every message (QoS 1). While
//! there is no connection the last events wait, as many as the device keeps; the oldest are
//! dropped and counted (`landfall_mqtt_events_dropped_total` in `/metrics`). The gateway is a task
//! beside the others: it reads the device under its lock for a moment, and whatever the broker
//! does or leaves undone concerns nobody else.
//!
//! The client is minimq: its buffers are ours, it can be dropped at any moment, and it is the same
//! on chips and hosts. rust-mqtt wants `unsafe` to use a buffer twice without a heap.

mod discovery;
mod lines;
mod link;
mod news;
mod patience;
mod settings;
mod topics;

use core::convert::Infallible;
use core::fmt;
use core::net::Ipv4Addr;

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, RawMutex};
use embassy_time::{Duration, with_timeout};
use landfall_core::command::Door;
use minimq::{Buffers, ConfigBuilder, ConfigError, QoS, Session, Will};
use zeroize::Zeroize;

pub use lines::{REPLY_MAX, TYPED_MAX};
pub use news::{Lost, News, log};
pub use topics::{TOPIC_MAX, Topic};

use crate::dial::{Dial, MQTT, Url};
use crate::http::EVENT_MAX;
use crate::runtime::{Clock, Device, Shared, Wifi};
use discovery::OFFLINE;
use lines::Lines;
use link::{Link, Talk};
use patience::Patient;
use settings::{Settings, Wanted};

/// Longest packet taken from the broker, in bytes; it is told so, and keeps longer ones for itself.
pub const RX_MAX: usize = 512;
/// Room for what is sent, in bytes.
pub const TX_MAX: usize = 4096;
/// Most bytes of a CONNECT: what is in force of the configuration, with our last will.
const CONNECT_MAX: usize = 384;
/// Most bytes of a PUBLISH beside topic and payload.
const PUBLISH_FRAME_MAX: usize = 16;

const _: () = assert!(CONNECT_MAX + PUBLISH_FRAME_MAX + TOPIC_MAX + EVENT_MAX <= TX_MAX);

/// Longest silence of ours; half as much again, and the broker says that we are offline.
const KEEP_ALIVE_SECS: u16 = 30;
/// Bound of each step to a connection: name, socket and TLS; and the greeting.
const STEP: Duration = Duration::from_secs(10);
/// The first wait after a failure, in milliseconds of the device's clock.
const BACKOFF_MIN_MS: u32 = 1_000;
/// The longest.
const BACKOFF_MAX_MS: u32 = 30_000;
/// How often a wait is doubled, until it is the longest.
const BACKOFF_DOUBLINGS: u32 = (BACKOFF_MAX_MS / BACKOFF_MIN_MS).ilog2() + 1;
/// A connection that lasted so long was a good one: after it the waits begin anew.
const STEADY_MS: u64 = 10_000;

/// Room for what goes over the connection, and for a console's lines: too much to be moved about on a
/// chip. All of it holds secrets: the password, and what is typed in.
pub struct Room {
    rx: [u8; RX_MAX],
    tx: [u8; TX_MAX],
    lines: Lines,
}

impl Room {
    /// Empty.
    pub const fn new() -> Self {
        Self {
            rx: [0; RX_MAX],
            tx: [0; TX_MAX],
            lines: Lines::new(),
        }
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.rx.zeroize();
        self.tx.zeroize();
        self.lines.clear();
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Connects one device to the broker of its configuration.
pub struct Gateway<D, C: 'static, M: RawMutex + 'static = CriticalSectionRawMutex> {
    shared: &'static Shared<C, M>,
    dialer: D,
    tell: fn(News),
}

impl<D: Dial, C: Clock, M: RawMutex> Gateway<D, C, M> {
    /// For that device, over such connections; `tell` is for the log.
    pub fn new(wifi: Wifi<C, M>, dialer: D, tell: fn(News)) -> Self {
        Self {
            shared: wifi.shared(),
            dialer,
            tell,
        }
    }

    /// Runs as long as the device: connects while that holds an address and its configuration
    /// names a broker, and follows both.
    pub async fn run(&self, room: &mut Room) -> Infallible {
        let mut idle_in = None;
        loop {
            match self
                .shared
                .wait_at_boot(|device, boot| Some(Wanted::of(device, boot)))
                .await
            {
                Wanted::Nothing(boot) => {
                    idle_in = Some(boot);
                    self.wait_for_another_url().await;
                }
                Wanted::Malformed => {
                    (self.tell)(News::Malformed);
                    self.wait_for_another_url().await;
                }
                Wanted::Broker(settings) => {
                    // What happened before anybody wanted to know is not told.
                    if idle_in.take() == Some(settings.boot()) {
                        self.shared.with(Device::publish_from_now);
                    }
                    self.serve(&settings, room).await;
                }
            }
        }
    }

    /// Waits until the configuration names another broker than it does now, or none.
    async fn wait_for_another_url(&self) {
        let mut before = None;
        let changed = |device: &mut Device, boot| {
            let now = (boot, device.services.mqtt_url.clone());
            (*before.get_or_insert_with(|| now.clone()) != now).then_some(())
        };
        self.shared.wait_at_boot(changed).await;
    }

    /// Serves that broker as long as the settings hold.
    async fn serve(&self, settings: &Settings, room: &mut Room) {
        if settings.commands {
            let now = self.shared.clock().now();
            self.shared
                .with(|device| device.open_console(Door::Mqtt, now));
        }
        self.keep_connected(settings, room).await;
        room.lines.clear();
        self.shared.with(|device| device.close_console(Door::Mqtt));
    }

    async fn keep_connected(&self, settings: &Settings, room: &mut Room) {
        let clock = self.shared.clock();
        let mut failures = 0;
        while let Some(ip) = self.address(settings).await {
            let began = clock.now();
            let Room { rx, tx, lines } = &mut *room;
            let connected = self
                .connect(settings, ip, Buffers::new(rx, tx), lines)
                .await;
            rx.zeroize();
            tx.zeroize();
            let lost = match connected {
                // The address is another one, or the settings are.
                Ok(()) => {
                    failures = 0;
                    continue;
                }
                Err(lost) => lost,
            };
            (self.tell)(News::Lost(lost));
            if lost == Lost::NoTls {
                self.change(settings, ip).await;
                continue;
            }
            let now = clock.now();
            if now.as_ms().saturating_sub(began.as_ms()) >= STEADY_MS {
                failures = 0;
            }
            let wait = clock.sleep_until(now.plus_ms(backoff_ms(settings, failures)));
            failures = failures.saturating_add(1);
            if let Either::Second(()) = select(wait, self.change(settings, ip)).await {
                failures = 0;
            }
        }
    }

    /// Waits for an address; none: the settings do not hold any more.
    async fn address(&self, settings: &Settings) -> Option<Ipv4Addr> {
        let look = |device: &mut Device, boot| {
            if !settings.hold(device, boot) {
                return Some(None);
            }
            device.manager().status().station_ip.map(Some)
        };
        self.shared.wait_at_boot(look).await
    }

    /// Waits until the settings do not hold any more, or the address is another one.
    async fn change(&self, settings: &Settings, ip: Ipv4Addr) {
        let changed =
            |device: &mut Device, boot| (!settings.hold_at(ip, device, boot)).then_some(());
        self.shared.wait_at_boot(changed).await;
    }

    /// Connects once, and talks until that ends.
    async fn connect(
        &self,
        settings: &Settings,
        ip: Ipv4Addr,
        buffers: Buffers<'_>,
        lines: &mut Lines,
    ) -> Result<(), Lost> {
        let online = Topic::Online.of(&settings.id);
        let config = config(settings, &online, buffers);
        let mut session = Session::new(config.map_err(|_| Lost::Malformed)?);
        let connection = async {
            let socket = Patient::new(self.open(&settings.url).await?);
            let greeted = with_timeout(STEP, session.connect(socket)).await;
            Ok::<_, Lost>(greeted.map_err(|_| Lost::Silent)??)
        };
        let connection = match select(connection, self.change(settings, ip)).await {
            Either::First(connection) => connection?,
            Either::Second(()) => return Ok(()),
        };
        let link = Link {
            connection,
            shared: self.shared,
            settings,
            ip,
            lines,
            tell: self.tell,
            talk: Talk::default(),
        };
        link.talk().await
    }

    async fn open(&self, url: &str) -> Result<D::Connection<'_>, Lost> {
        // It was one when the settings were taken.
        let url = Url::parse(url, MQTT).map_err(|_| Lost::NoAddress)?;
        let dialed = with_timeout(STEP, self.dialer.dial(&url)).await;
        Ok(dialed.map_err(|_| Lost::Unreachable)??)
    }
}

/// Who we are for the broker, and what it says when we are gone.
fn config<'b>(
    settings: &'b Settings,
    online: &str,
    buffers: Buffers<'b>,
) -> Result<ConfigBuilder<'b>, ConfigError> {
    let will = Will::new(online, OFFLINE.as_bytes(), &[])?;
    let config = ConfigBuilder::new(buffers)
        .client_id(settings.id.as_str())?
        .keepalive_interval(KEEP_ALIVE_SECS)
        .autodowngrade_qos()
        .will(will.retained().qos(QoS::AtLeastOnce))?;
    if settings.user.is_empty() && settings.password.is_empty() {
        return Ok(config);
    }
    config.auth(&settings.user, settings.password.expose().as_bytes())
}

/// The wait after so many failures in a row: twice as long each time, and up to a quarter more or
/// less by the device and the time, so that a fleet does not come back to its broker all at once.
fn backoff_ms(settings: &Settings, failures: u32) -> u32 {
    let ms = (BACKOFF_MIN_MS << failures.min(BACKOFF_DOUBLINGS)).min(BACKOFF_MAX_MS);
    let seed = settings.id.as_str().bytes().fold(failures, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    ms - ms / 4 + (seed >> 16) % (ms / 2)
}
