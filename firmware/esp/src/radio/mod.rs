//! The radio adapter: the machine's operations carried out by Espressif's driver.
//!
//! ```text
//!  RadioOp ── start ──► asked ── next ──► driver (blocks for some ms, never under the device's lock)
//!  RadioEvent ◄─ next ── what the driver tells (event channel), the lease, a deadline
//! ```
//!
//! The driver runs from the start to the restart of the chip: the station is always there, the access point comes and
//! goes beside it, so no policy and no mode restarts the radio.

mod driver;
mod step;

use core::fmt;

use embassy_futures::select::{Either3, select3};
use embassy_net::Stack;
use embassy_time::{Duration, Instant, Timer};
use esp_hal::peripherals::WIFI;
use esp_hal::rng::Rng;
use esp_radio::wifi::event::{EventInfo, EventSubscriber, MessageResult};
use esp_radio::wifi::{ControllerConfig, WifiController, WifiError};
use heapless::Vec;
use landfall_core::manager::{ApTarget, JoinTarget};
use landfall_core::net::{Bssid, Channel, Hostname, Mac, Passphrase, Security, Ssid};
use landfall_core::radio::{LinkReport, RadioEvent, RadioOp, Reason};
use landfall_device::runtime::{Radio, Target};
use landfall_embassy::address::Lease;
use static_cell::StaticCell;

use crate::Wifi;

use driver::{ApConfig, Interfaces};
pub use driver::{CLIENTS_MAX, Refused, set_country, set_power};

/// How long a cancelled operation and a leaving may take before they count as done, in milliseconds: less than the
/// machine gives them.
const SETTLE_MS: u64 = 1_500;
/// How long the access point may be down while the driver takes its new settings, in milliseconds.
const AP_RESTART_MS: u64 = 1_000;
/// The waits after tries to start the driver that failed, in milliseconds.
const PAUSES_MS: [u64; 3] = [1_000, 2_000, 0];
/// How long a device without a radio waits before the chip restarts, in milliseconds: somebody may look at its console.
const DEAD_MS: u64 = 60_000;
/// Frames of 1.6 KB that the driver holds for the radio to receive into, and those it takes of the heap at most in either
/// direction: portal and console send little, and the heap is to last.
const STATIC_RX: u8 = 6;
const DYNAMIC_BUFFERS: u16 = 12;
/// Frames that are acknowledged at once; fewer than the driver has room for.
const BLOCK_ACK_WINDOW: u8 = 6;
/// Length of the key that guards the access point before it has its settings.
const PLACEHOLDER_KEY_LEN: usize = 32;

/// Why there is no radio.
#[derive(Clone, Copy, Debug)]
pub enum RadioError {
    /// There is one already: a chip has one radio.
    Taken,
    /// The driver did not start: out of memory, as a rule; see that the heap is as large as [`HEAP`](crate::init_heap).
    Driver(WifiError),
    /// The driver refused what it is to begin with.
    Refused(Refused),
}

impl fmt::Display for RadioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("the radio is taken"),
            Self::Driver(error) => write!(f, "the radio's driver did not start: {error:?}"),
            Self::Refused(Refused(code)) => write!(f, "the radio's driver refused: {code:#x}"),
        }
    }
}

impl core::error::Error for RadioError {}

impl From<Refused> for RadioError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// The radio of the chip.
pub struct EspRadio {
    driver: Driver,
    lease: Lease<'static>,
    device: Wifi,
    asked: Option<Asked>,
    cancelled: bool,
    queried: bool,
    doing: Doing,
    is_linked: bool,
    ap: Ap,
    clients: Vec<(Mac, i8), CLIENTS_MAX>,
    /// A client that is to leave the access point.
    leaving: Option<Mac>,
}

/// Espressif's driver, and how it came up.
enum Driver {
    /// It runs, and tells this.
    Up(EventSubscriber<'static>),
    /// It did not start. Whatever is asked of it fails, and the chip restarts then: meanwhile console and events tell.
    Dead { restart: Instant },
}

/// An exclusive operation with all that it needs.
enum Asked {
    Scan,
    Join {
        ssid: Ssid,
        security: Security,
        bssid: Option<Bssid>,
        channel: Option<Channel>,
    },
    Leave,
    ApStart(ApConfig),
    ApStop,
    ApMove(Channel),
}

/// The exclusive operation under way that the driver has not ended yet. A deadline stands only where it was cancelled,
/// or the driver may have nothing to say.
///
/// ```text
///            ScanDone
/// Scanning ───────────► Reading ──► (rows, ScanDone)
/// Joining ── connected or disconnected ──► (Joined or JoinFailed)
/// Leaving ── disconnected, or the deadline ──► (Left)
/// ```
#[derive(Clone, Copy, Debug)]
enum Doing {
    Nothing,
    Scanning { until: Option<Instant> },
    Reading,
    Joining { until: Option<Instant> },
    Leaving { until: Instant },
}

/// The access point as the machine was told of it.
#[derive(Clone, Copy, Debug)]
enum Ap {
    Down,
    Up,
    /// The driver took it down on its own; it takes new settings so, and brings it up again.
    Restarting {
        until: Instant,
    },
}

/// What the adapter waits for.
enum Heard {
    Driver(EventInfo),
    Lease(RadioEvent),
    /// A deadline, or the driver told more than there was room for.
    Look,
}

impl EspRadio {
    /// Starts the driver with the station idle and no access point, in three tries. `station` is the stack on the station's
    /// interface; `device` is the one that it is for: it knows the name that a router is told. A driver that does not
    /// start is waited with, and the chip restarts after [`DEAD_MS`].
    pub async fn start(wifi: WIFI<'static>, station: Stack<'static>, device: Wifi) -> Self {
        let mut wifi = Some(wifi);
        for pause_ms in PAUSES_MS {
            let started = start_driver(&mut wifi);
            match started {
                Ok(events) => return Self::with(Driver::Up(events), station, device),
                Err(error) => log::error!("{error}"),
            }
            Timer::after_millis(pause_ms).await;
        }
        let restart = soon(DEAD_MS);
        Self::with(Driver::Dead { restart }, station, device)
    }

    fn with(driver: Driver, station: Stack<'static>, device: Wifi) -> Self {
        Self {
            driver,
            lease: Lease::new(station),
            device,
            asked: None,
            cancelled: false,
            queried: false,
            doing: Doing::Nothing,
            is_linked: false,
            ap: Ap::Down,
            clients: Vec::new(),
            leaving: None,
        }
    }

    /// Whether the driver runs.
    pub fn is_up(&self) -> bool {
        match self.driver {
            Driver::Up(_) => true,
            Driver::Dead { .. } => false,
        }
    }

    /// The name that the router is told.
    fn hostname(&self) -> Hostname {
        let set = self
            .device
            .shared()
            .with(|device| device.services.hostname.clone());
        set.flatten()
            .unwrap_or_else(|| Hostname::of(self.device.status().mac))
    }

    fn report(&mut self) -> LinkReport {
        if !self.is_up() {
            return LinkReport::default();
        }
        let rssi = driver::link_rssi();
        LinkReport {
            rssi,
            address: self.lease.address().filter(|_| rssi.is_some()),
            ap_up: !matches!(self.ap, Ap::Down),
        }
    }

    /// When to look again, whatever the driver says.
    fn deadline(&self) -> Option<Instant> {
        let doing = match self.doing {
            Doing::Scanning { until } | Doing::Joining { until } => until,
            Doing::Leaving { until } => Some(until),
            Doing::Nothing | Doing::Reading => None,
        };
        let ap = match self.ap {
            Ap::Restarting { until } => Some(until),
            Ap::Down | Ap::Up => None,
        };
        let restart = match self.driver {
            Driver::Up(_) => None,
            Driver::Dead { restart } => Some(restart),
        };
        doing.into_iter().chain(ap).chain(restart).min()
    }

    async fn wait(&mut self) -> Heard {
        let deadline = self.deadline();
        let due = async {
            match deadline {
                Some(at) => Timer::at(at).await,
                None => core::future::pending().await,
            }
        };
        let told = async {
            match &mut self.driver {
                Driver::Up(events) => events.next_event().await,
                Driver::Dead { .. } => core::future::pending().await,
            }
        };
        match select3(told, self.lease.next(), due).await {
            Either3::First(MessageResult::Message(event)) => Heard::Driver(event),
            Either3::First(MessageResult::Lagged(_)) | Either3::Third(()) => Heard::Look,
            Either3::Second(event) => Heard::Lease(event),
        }
    }
}

impl Radio for EspRadio {
    fn start(&mut self, op: RadioOp, target: Target<'_>) {
        match op {
            RadioOp::Cancel => self.cancelled = true,
            RadioOp::Query => self.queried = true,
            RadioOp::Scan => self.asked = Some(Asked::Scan),
            RadioOp::Join { bssid, channel } => self.asked = asked_join(bssid, channel, target),
            RadioOp::Leave => self.asked = Some(Asked::Leave),
            RadioOp::ApStart { channel } => self.asked = asked_ap(channel, target),
            RadioOp::ApStop => self.asked = Some(Asked::ApStop),
            RadioOp::ApMove { channel } => self.asked = Some(Asked::ApMove(channel)),
        }
    }

    async fn next(&mut self) -> RadioEvent {
        loop {
            if let Some(event) = self.poll() {
                return event;
            }
            let heard = self.wait().await;
            if let Some(event) = self.handle(heard) {
                return event;
            }
        }
    }

    fn reset(&mut self) {
        if !self.is_up() {
            return;
        }
        // A refusal means that there was nothing to be ended.
        let _ = driver::disconnect();
        let _ = driver::set_interfaces(Interfaces::Station);
        self.lease.end();
        self.asked = None;
        self.cancelled = false;
        self.queried = false;
        self.doing = Doing::Nothing;
        self.is_linked = false;
        self.ap = Ap::Down;
        self.clients.clear();
        self.leaving = None;
    }

    fn let_go(&mut self, client: Mac) {
        self.leaving = Some(client);
    }

    fn client_rssi(&self, client: Mac) -> Option<i8> {
        let mut clients = self.clients.iter();
        clients
            .find(|(mac, _)| *mac == client)
            .map(|(_, rssi)| *rssi)
    }
}

fn asked_join(bssid: Option<Bssid>, channel: Option<Channel>, target: Target<'_>) -> Option<Asked> {
    match target {
        Target::Network(JoinTarget { ssid, security }) => Some(Asked::Join {
            ssid: *ssid,
            security: security.clone(),
            bssid,
            channel,
        }),
        Target::None | Target::Ap(_) => None,
    }
}

fn asked_ap(channel: Channel, target: Target<'_>) -> Option<Asked> {
    match target {
        Target::Ap(ApTarget {
            ssid,
            key,
            hidden,
            max_clients,
            address: _,
        }) => Some(Asked::ApStart(ApConfig {
            ssid,
            key: key.cloned(),
            hidden,
            max_clients,
            channel,
        })),
        Target::None | Target::Network(_) => None,
    }
}

/// Brings the driver up. What it was begun with is gone where it fails, and taken again.
fn start_driver(wifi: &mut Option<WIFI<'static>>) -> Result<EventSubscriber<'static>, RadioError> {
    static CONTROLLER: StaticCell<WifiController<'static>> = StaticCell::new();
    let config = ControllerConfig::default()
        .with_static_rx_buf_num(STATIC_RX)
        .with_dynamic_rx_buf_num(DYNAMIC_BUFFERS)
        .with_dynamic_tx_buf_num(DYNAMIC_BUFFERS)
        .with_rx_ba_win(BLOCK_ACK_WINDOW);
    let wifi = wifi.take().unwrap_or_else(|| {
        // SAFETY: the one there was went into a controller that was not made, so nothing else has it.
        unsafe { WIFI::steal() }
    });
    let controller = WifiController::new(wifi, config).map_err(RadioError::Driver)?;
    let controller = CONTROLLER.try_init(controller).ok_or(RadioError::Taken)?;
    let events = controller.subscribe().map_err(RadioError::Driver)?;
    prime_ap()?;
    Ok(events)
}

/// Gives the access point settings before it is ever up. The driver takes them only for an interface that is, and
/// would first send beacons of an open one of its own making. So it gets them while the driver is stopped, a name that
/// is not shown and a key that nobody knows; a start of the access point replaces them within milliseconds.
fn prime_ap() -> Result<(), RadioError> {
    let mut entropy = [0; PLACEHOLDER_KEY_LEN];
    Rng::new().read(&mut entropy);
    let Ok(ssid) = Ssid::new(b"Landfall") else {
        return Ok(());
    };
    driver::stop()?;
    driver::set_interfaces(Interfaces::Both)?;
    driver::configure_ap(&ApConfig {
        ssid,
        key: Some(Passphrase::from_raw(&entropy)),
        hidden: true,
        max_clients: 1,
        channel: Channel::ONE,
    })?;
    driver::set_interfaces(Interfaces::Station)?;
    driver::start()?;
    Ok(())
}

fn soon(ms: u64) -> Instant {
    Instant::now() + Duration::from_millis(ms)
}

/// What a join that could not even begin is told as: tried again like one that ran out of time.
const NOT_BEGUN: Reason = Reason::TIMED_OUT;
