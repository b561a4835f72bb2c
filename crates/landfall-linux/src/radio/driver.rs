//! The driver: one loop between the machine's orders and what the programs and the kernel say. What
//! follows from what is `work`'s to decide.
//!
//! Bringing the access point up and down is waited for where it stands: nothing else goes on then. A
//! cancel ends a scan or a join at once.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use async_io::Timer;
use futures_lite::future;
use landfall_core::net::{Channel, Hostname, Ssid};
use landfall_core::radio::{RadioEvent, Reason};
use landfall_device::host::HostClock;

use super::access_point::{Ap, ApEvent};
use super::address::{Address, Asker, Dhcp};
use super::station::{Station, StationEvent};
use super::work::{Step, Work};
use super::{Line, LinuxRadio, Order};
use crate::board::Board;
use crate::dhcp::News;
use crate::hostapd::AccessPoint;
use crate::wpa::Event;

/// How long a link may take to go down, and an access point to move: a little less than the machine
/// waits.
pub(super) const SETTLE: Duration = Duration::from_millis(1_800);
/// Starts of wpa_supplicant that may fail in a row.
const STARTS_MAX: u8 = 3;
/// The wait before the second of them; it doubles.
const START_WAIT: Duration = Duration::from_secs(1);
/// A loss that nobody told (BEACON_TIMEOUT of ESP-IDF).
pub(super) const MISSED: Reason = Reason::Code(200);

/// How a radio is driven.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The station's interface.
    pub interface: String,
    /// The country whose rules are kept, two letters; none: as the system has it.
    pub country: Option<String>,
    /// The folder for sockets and configurations, for us alone.
    pub run: PathBuf,
    /// Who asks for an address.
    pub dhcp: Dhcp,
    /// The device's clock.
    pub clock: &'static HostClock,
}

/// Why the driver ended.
#[derive(Debug)]
pub enum Fault {
    /// wpa_supplicant cannot be started, or not be kept running.
    Station(io::Error),
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Station(error) => write!(f, "wpa_supplicant cannot be started: {error}"),
        }
    }
}

impl std::error::Error for Fault {}

/// See the module.
pub struct Driver {
    pub(super) settings: Settings,
    pub(super) board: Board,
    pub(super) line: Line,
    pub(super) station: Option<Station>,
    pub(super) ap: Option<Ap>,
    /// The access point that makes room for the station, on a radio that cannot do both.
    pub(super) paused: Option<(AccessPoint, Channel)>,
    pub(super) link: Option<Ssid>,
    /// How strongly the network joined was heard last, in dBm.
    pub(super) rssi: i8,
    pub(super) address: Address,
    pub(super) asker: Asker,
    pub(super) work: Work,
    /// How many channels of 5 GHz the next scan puts last.
    pub(super) scan_turn: usize,
    /// Starts of wpa_supplicant that failed in a row.
    failed_starts: u8,
}

enum Happening {
    Ordered(Order),
    Station(StationEvent),
    Ap(ApEvent),
    Address(io::Result<News>),
    Due,
}

impl Driver {
    /// Starts wpa_supplicant on the board's interface. Gives the driver, to be run, and the radio, for
    /// the runner.
    ///
    /// # Errors
    /// wpa_supplicant cannot be started.
    pub async fn start(
        settings: Settings,
        board: Board,
        hostname: Hostname,
    ) -> Result<(Self, LinuxRadio), Fault> {
        let (radio, line) = super::line();
        let asker = Asker {
            interface: settings.interface.clone(),
            index: board.station.index,
            mac: board.station.mac,
            hostname,
            clock: settings.clock,
            last: None,
        };
        let mut driver = Self {
            settings,
            board,
            line,
            station: None,
            ap: None,
            paused: None,
            link: None,
            rssi: 0,
            address: Address::None,
            asker,
            work: Work::Idle,
            scan_turn: 0,
            failed_starts: 0,
        };
        driver.start_station().await?;
        Ok((driver, radio))
    }

    /// Drives the radio until `stop` ends, or it cannot be driven; then leaves everything as it was
    /// found.
    ///
    /// # Errors
    /// As [`Fault`] says.
    pub async fn run(&mut self, stop: impl Future<Output = ()>) -> Result<(), Fault> {
        let drive = async {
            loop {
                self.step().await?;
            }
        };
        let stop = async {
            stop.await;
            Ok(())
        };
        let ended = future::or(stop, drive).await;
        self.close().await;
        ended
    }

    async fn step(&mut self) -> Result<(), Fault> {
        match self.next().await {
            Happening::Ordered(order) => self.obey(order).await,
            Happening::Station(StationEvent::Said(event)) => self.hear(event).await,
            Happening::Station(StationEvent::Gone) => self.station_gone().await,
            Happening::Ap(event) => {
                self.hear_ap(event).await;
                Ok(())
            }
            Happening::Address(news) => {
                self.take_address(news);
                Ok(())
            }
            Happening::Due => self.overdue().await,
        }
    }

    /// The next thing that happens.
    async fn next(&mut self) -> Happening {
        let Self {
            line,
            station,
            ap,
            address,
            work,
            board,
            ..
        } = self;
        let ordered = async {
            match line.orders.recv().await {
                Ok(order) => Happening::Ordered(order),
                // The runner is gone, and nobody wants anything any more.
                Err(_) => future::pending().await,
            }
        };
        let said = async {
            match station {
                Some(station) => Happening::Station(station.next().await),
                None => future::pending().await,
            }
        };
        let ap_said = async {
            match ap {
                Some(ap) => Happening::Ap(ap.next().await),
                None => future::pending().await,
            }
        };
        let lent = async { Happening::Address(address.next(&board.route).await) };
        let due = async {
            match work.due() {
                Some(due) => drop(Timer::at(due).await),
                None => future::pending().await,
            }
            Happening::Due
        };
        future::or(
            future::or(ordered, said),
            future::or(ap_said, future::or(lent, due)),
        )
        .await
    }

    async fn obey(&mut self, order: Order) -> Result<(), Fault> {
        match order {
            Order::Scan => self.begin_scan().await,
            Order::Join(network) => self.begin_join(network).await,
            Order::Leave => self.begin_leave().await,
            Order::ApStart(target, channel) => {
                self.start_ap(target, channel).await;
                Ok(())
            }
            Order::ApStop => {
                self.stop_ap().await;
                self.line.tell(RadioEvent::ApStopped);
                Ok(())
            }
            Order::ApMove(channel) => {
                self.begin_move(channel, None).await;
                Ok(())
            }
            Order::LetGo(client) => {
                self.let_go(client).await;
                Ok(())
            }
            Order::Country(code) => {
                if let Some(station) = &self.station {
                    station.keep_rules_of(&code).await;
                }
                self.settings.country = Some(code);
                Ok(())
            }
            Order::Power(dbm) => {
                if let Err(error) = self.board.limit_power(dbm) {
                    // Some drivers take no orders on it, and send as they always do.
                    tracing::info!("the radio's power is not limited to {dbm} dBm: {error}");
                }
                Ok(())
            }
            Order::Cancel => self.cancel().await,
            Order::Query => {
                self.report().await;
                Ok(())
            }
            Order::Reset(boot) => self.reset(boot).await,
        }
    }

    /// Starts wpa_supplicant, a few times where it fails.
    pub(super) async fn start_station(&mut self) -> Result<(), Fault> {
        let mut wait = START_WAIT;
        loop {
            match Station::start(&self.settings).await {
                Ok(station) => {
                    self.station = Some(station);
                    self.failed_starts = 0;
                    return Ok(());
                }
                Err(error) => {
                    self.failed_starts += 1;
                    if self.failed_starts >= STARTS_MAX || error.kind() == io::ErrorKind::NotFound {
                        return Err(Fault::Station(error));
                    }
                    tracing::warn!("wpa_supplicant does not start, it is tried again: {error}");
                    Timer::after(wait).await;
                    wait *= 2;
                }
            }
        }
    }

    /// wpa_supplicant ended: what was under way has failed, and it is started again.
    async fn station_gone(&mut self) -> Result<(), Fault> {
        tracing::error!("wpa_supplicant ended, and is started again");
        self.station = None;
        self.unlink();
        let (work, told) = std::mem::take(&mut self.work).interrupt();
        self.work = work;
        if let Some(event) = told {
            self.line.tell(event);
        }
        if self.link.take().is_some() {
            self.line.tell(RadioEvent::Lost { reason: MISSED });
        }
        self.start_station().await
    }

    /// The device boots again: link and access point go.
    async fn reset(&mut self, boot: u32) -> Result<(), Fault> {
        self.line.boot = boot;
        self.work = Work::Idle;
        self.unlink();
        self.link = None;
        self.stop_ap().await;
        match &self.station {
            Some(station) => {
                // Where it fails it is gone, which is told.
                let _ = station.leave().await;
                Ok(())
            }
            None => self.start_station().await,
        }
    }

    /// Takes everything down, and leaves the interfaces as they were found.
    async fn close(&mut self) {
        self.stop_ap().await;
        self.unlink();
        if let Some(station) = self.station.take() {
            station.stop().await;
        }
        self.board.restore();
    }

    /// What was under way took too long.
    async fn overdue(&mut self) -> Result<(), Fault> {
        match std::mem::take(&mut self.work) {
            Work::Moving { to, then, .. } => self.move_again(to, then).await,
            Work::Leaving { .. } => self.left().await,
            Work::Scanning { since, is_over, .. } => self.cut_scan(since, is_over).await,
            other @ (Work::Idle | Work::Seeking { .. } | Work::Joining { .. }) => {
                self.work = other;
                Ok(())
            }
        }
    }

    /// What the station's program says.
    async fn hear(&mut self, event: Event) -> Result<(), Fault> {
        match self.work.hear(event, self.link.is_some()) {
            Step::Nothing => Ok(()),
            Step::EndScan(since) => self.end_scan(since).await,
            Step::ScanAgain => self.scan_again().await,
            Step::Sought => self.sought().await,
            Step::Judge(verdict) => self.judge(verdict).await,
            Step::Left => self.left().await,
            Step::Lose(reason) => self.lose(reason).await,
            Step::Follow(frequency) => {
                self.follow(frequency).await;
                Ok(())
            }
        }
    }
}
