//! One simulated device: what it is made of, and its life from boot to boot.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use async_io::Timer;
use futures_lite::future;
use landfall_core::command::Door;
use landfall_core::config::{Config, Warning};
use landfall_core::console::FleetServer;
use landfall_core::net::Mac;
use landfall_device::fleet::{BUFFER_LEN, Client, Firmware};
use landfall_device::host::HostDial;
use landfall_device::runtime::{BuildError, Builder, Clock, Device, Restart, Shared, Wifi};
use landfall_device::store::StoreError;
use landfall_sim::air::answer::LedRow;
use landfall_sim::flash::{FlashPlan, SimFlash};

use super::doors::{Doors, Holds, Ports, WallClock};
use super::storage::{SECTORS, SimStorage};
use super::world::Lent;
use super::{DeviceClock, DeviceReady, End, Pty, SharedFlash, SimRadio, StartError, World};

/// Time for the last answers to go out before a restart, by our clock.
const RESTART_GRACE: Duration = Duration::from_millis(200);

/// What a device is made of.
#[derive(Debug)]
pub struct DeviceOptions {
    /// Its name among the devices of this program.
    pub name: String,
    /// Its hardware address.
    pub mac: Mac,
    /// The folder that its flash is in.
    pub data: PathBuf,
    /// What a blank flash is given.
    pub config: Option<Config>,
    /// Whether that is given to a flash that is not blank, too.
    pub reset_config: bool,
    /// What befalls the flash.
    pub flash: FlashPlan,
    /// Its first port; none: free ones.
    pub port_base: Option<u16>,
}

/// A device that runs.
#[derive(Clone)]
pub struct SimDevice {
    wifi: Wifi<DeviceClock>,
    flash: SharedFlash,
    button: Arc<Holds>,
    ready: DeviceReady,
}

/// What a device keeps over its restarts.
struct Body {
    shared: &'static Shared<DeviceClock>,
    radio: SimRadio,
    flash: SharedFlash,
    mac: Mac,
    doors: Doors,
    ends: Sender<End>,
}

impl SimDevice {
    /// Takes its doors, and boots it on a thread of its own.
    pub(super) fn start(
        options: DeviceOptions,
        world: &Arc<World>,
        ends: Sender<End>,
    ) -> Result<Self, StartError> {
        let flash = open_flash(&options, &ends)?;
        let ports = Ports::reserve(options.port_base).map_err(StartError::Port)?;
        let pty = Pty::open().map_err(StartError::Pty)?;
        let ready = ready(&options, &ports, &pty);
        // A device lives as long as the program: one small leak each.
        let shared: &'static Shared<DeviceClock> =
            Box::leak(Box::new(Shared::new(DeviceClock::new(world.clock()))));
        let wifi = Wifi::of(shared);
        let radio = world.join(options.mac);
        let mac = options.mac;
        let body_flash = flash.clone();
        let button = Arc::new(Holds::new());
        let holds = Arc::clone(&button);
        let life = move || {
            let body = Body {
                shared,
                radio,
                flash: body_flash,
                mac,
                doors: Doors::new(wifi, ports, pty, holds),
                ends,
            };
            async_io::block_on(body.live(options));
        };
        let spawned = std::thread::Builder::new()
            .name("device".to_owned())
            .spawn(life);
        spawned.map_err(StartError::Thread)?;
        Ok(Self {
            wifi,
            flash,
            button,
            ready,
        })
    }

    /// The handle on it.
    pub fn wifi(&self) -> Wifi<DeviceClock> {
        self.wifi
    }

    /// Whether it belongs to the fleet server at that URL, or is about to: known once it has booted.
    pub fn is_of(&self, url: &str) -> bool {
        let is_of = |device: &mut Device| Some(device.services.fleet_url == url);
        async_io::block_on(self.wifi.shared().wait_for(is_of))
    }

    /// Gives it a fleet server, as soon as it has booted.
    pub fn give_fleet(&self, server: FleetServer) {
        let shared = self.wifi.shared();
        async_io::block_on(
            shared.wait_for(|device| device.set_fleet(server.clone()).then_some(())),
        );
        shared.with(|_| ());
    }

    /// Its flash.
    pub fn flash(&self) -> &SharedFlash {
        &self.flash
    }

    /// Holds its button for so many milliseconds of its own time, from now on.
    pub fn hold_button(&self, ms: u32) {
        self.button.signal(ms);
    }

    /// How its LED is lit.
    pub fn led(&self) -> LedRow {
        let shared = self.wifi.shared();
        let blinker = shared.blinker();
        LedRow {
            on: blinker.is_on(shared.clock().now()),
            ..LedRow::of(blinker.pattern(), 0)
        }
    }

    /// Where it is.
    pub fn ready(&self) -> &DeviceReady {
        &self.ready
    }
}

impl Body {
    /// Boots it again and again.
    async fn live(self, options: DeviceOptions) {
        let given = options.config.as_ref();
        let mut reset = options.reset_config;
        loop {
            let booted = self.boot(given, std::mem::take(&mut reset)).await;
            if let Err(error) = booted {
                let _ = self.ends.send(End::Failed(error));
                return;
            }
            tracing::info!(name = options.name, "restarts");
        }
    }

    /// From power-on to the restart.
    async fn boot(&self, given: Option<&Config>, reset: bool) -> Result<(), String> {
        self.shared.clock().reboot();
        self.radio.restart();
        let opened = SimStorage::open(self.flash.clone(), given, reset).await;
        let storage = opened.map_err(|e: StoreError| format!("the flash cannot be used: {e:?}"))?;
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy).map_err(|e| format!("no entropy: {e}"))?;
        let built = Builder::new(self.mac, entropy)
            .storage(storage)
            .chip("Simulator")
            .build(self.shared, Lent(&self.radio), &mut warn)
            .await;
        let mut runner = built.map_err(|error: BuildError| error.to_string())?;
        let now = self.shared.clock().now();
        self.shared
            .with(|device| device.open_console(Door::Serial(0), now));
        let run = Box::pin(async {
            let Restart = runner.run().await;
            // The runner is done; what it said last still goes out.
            Timer::after(RESTART_GRACE).await;
        });
        // Each on the heap: together they outgrow a thread's stack.
        let doors = Box::pin(async {
            let failed = self.doors.serve().await;
            tracing::error!("a door failed: {failed}");
            future::pending().await
        });
        let fleet = Box::pin(self.fleet());
        let beside = future::or(self.probe(), future::or(fleet, doors));
        let beside = async { match beside.await {} };
        future::or(run, beside).await;
        Ok(())
    }

    /// Talks to the fleet server, where one is set: over the sockets of this machine, whatever network
    /// the device has joined on its air.
    async fn fleet(&self) -> Infallible {
        let wifi = Wifi::of(self.shared);
        let dialer = HostDial::new(wifi);
        let mut client = Client::new(wifi, &dialer, &WallClock, FIRMWARE);
        let mut buffer = Box::new([0; BUFFER_LEN]);
        client.run(&mut buffer).await
    }

    /// Answers the probe for internet, as often as the machine asks.
    async fn probe(&self) -> Infallible {
        loop {
            self.shared.probe_wanted().await;
            let found = self.radio.internet();
            self.shared.with(|device| device.internet(found));
        }
    }
}

/// What a simulated device says of itself.
const FIRMWARE: Firmware<'static> = Firmware {
    firmware: concat!("landfall ", env!("CARGO_PKG_VERSION")),
    chip: "simulator",
    free_heap: || None,
    random: |bytes| getrandom::fill(bytes).is_ok(),
};

fn warn(warning: &Warning<'_>) {
    tracing::warn!("stored configuration: {warning}");
}

fn open_flash(options: &DeviceOptions, ends: &Sender<End>) -> Result<SharedFlash, StartError> {
    let [.., a, b, c] = options.mac.0;
    let seed = u64::from_be_bytes([0, 0, 0, 0, 0, a, b, c]);
    let mut flash = SimFlash::open(&options.data, SECTORS, seed).map_err(StartError::Flash)?;
    flash.set_plan(options.flash);
    Ok(SharedFlash::new(flash, ends.clone()))
}

fn ready(options: &DeviceOptions, ports: &Ports, pty: &Pty) -> DeviceReady {
    let hex: String = options
        .mac
        .0
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let hardware_id = format!("lf-{hex}");
    let at = |port: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let console = pty.path().display().to_string();
    DeviceReady {
        name: options.name.clone(),
        mac: options.mac.to_string(),
        improv: console.clone(),
        console,
        ap_url: format!("http://{}", at(ports.ap.number())),
        sta_url: format!("http://{}", at(ports.sta.number())),
        config_url: format!("http://{}", at(ports.config.number())),
        webrepl: format!("ws://{}", at(ports.webrepl.number())),
        dns: at(ports.dns_number()).to_string(),
        mqtt_topic: format!("landfall/{hardware_id}"),
        hardware_id,
    }
}
