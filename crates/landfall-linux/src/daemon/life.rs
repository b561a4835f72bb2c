//! The device's life from boot to boot.

use std::cell::Cell;
use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use async_executor::LocalExecutor;
use async_io::Timer;
use futures_lite::future;
use landfall_core::command::Door;
use landfall_core::config::{self, Config, Defaults, TX_POWER_DBM_DEFAULT, Warning};
use landfall_core::net::Mac;
use landfall_device::dial::Plain;
use landfall_device::fleet::{BUFFER_LEN, Client, Firmware};
use landfall_device::host::{HostClock, HostDial};
use landfall_device::probe;
use landfall_device::runtime::{
    BuildError, Builder, Device, ItemStorage, Radio, Restart, Shared, Wifi,
};
use landfall_device::store::{Condition, FileItems};

use super::doors::Doors;
use super::ready::Ready;
use super::{Failure, read};
use crate::button::Watched;
use crate::cli::Options;
use crate::console::ConsoleSocket;
use crate::led::{self, Led};
use crate::radio::LinuxRadio;
use crate::sockets::Over;

/// Time for the last answers to go out before a restart.
const RESTART_GRACE: Duration = Duration::from_millis(200);
/// The one serial line of the device: the console's socket.
pub(super) const PORT: u8 = 0;

/// What the device keeps over its restarts.
pub(super) struct Life<'a> {
    shared: &'static Shared<&'static HostClock>,
    radio: &'a LinuxRadio,
    clock: &'static HostClock,
    options: &'a Options,
    ap_interface: String,
    mac: Mac,
    /// What a blank store is given.
    given: Option<Config>,
    store: PathBuf,
    doors: Doors,
    led: Option<Led>,
    button: Option<Watched>,
    told: Cell<bool>,
    /// The first boot is to be in safe mode.
    safe_mode: Cell<bool>,
}

impl<'a> Life<'a> {
    pub(super) fn new(
        options: &'a Options,
        mac: Mac,
        ap_interface: &str,
        clock: &'static HostClock,
        radio: &'a LinuxRadio,
        console: ConsoleSocket,
        safe_mode: bool,
    ) -> Result<Self, Failure> {
        // A device lives as long as the program: one small leak.
        let shared: &'static Shared<&'static HostClock> = Box::leak(Box::new(Shared::new(clock)));
        let wifi = Wifi::of(shared);
        let led = options.led.as_deref().map(|name| {
            let help = "name one that `ls /sys/class/leds` shows";
            Led::take(led::FOLDER.as_ref(), name).map_err(|e| Failure::new(name, e, help))
        });
        let button = options.button.as_ref().map(|line| {
            let help = "name a line that `gpioinfo` shows as unused";
            line.watch().map_err(|e| Failure::new(line, e, help))
        });
        Ok(Self {
            shared,
            radio,
            clock,
            options,
            ap_interface: ap_interface.to_owned(),
            mac,
            given: options.config.as_deref().map(load).transpose()?,
            store: options.state.join("store"),
            doors: Doors::new(wifi, &options.interface, ap_interface, console),
            led: led.transpose()?,
            button: button.transpose()?,
            told: Cell::new(false),
            safe_mode: Cell::new(safe_mode),
        })
    }

    /// Boots again and again; ends where it cannot.
    pub(super) async fn live(&self, executor: &LocalExecutor<'_>) -> Result<(), Failure> {
        // Whoever is connected stays connected over a restart.
        let terminals = async { match self.doors.console().serve(executor).await {} };
        let lives = async {
            loop {
                self.boot().await?;
                tracing::info!("restarts");
                let mut radio = self.radio;
                radio.reset();
            }
        };
        let lit = async {
            match &self.led {
                Some(led) => match led.serve(self.shared).await {},
                None => future::pending().await,
            }
        };
        let pressed = async {
            match &self.button {
                Some(button) => match button.serve(self.shared).await {},
                None => future::pending().await,
            }
        };
        let tuned = async { match self.tune().await {} };
        let beside = future::or(tuned, future::or(lit, pressed));
        future::or(lives, future::or(terminals, beside)).await
    }

    /// Gives the radio the power and the country of the configuration, now and when they change. A
    /// country on the command line goes before; none leaves the system's.
    async fn tune(&self) -> Infallible {
        let wanted = |device: &mut Device| {
            let power = device.services.tx_power_dbm.unwrap_or(TX_POWER_DBM_DEFAULT);
            (device.services.country, power)
        };
        let mut tuned = None;
        loop {
            let changed =
                |device: &mut Device| Some(wanted(device)).filter(|it| tuned != Some(*it));
            let (country, power) = self.shared.wait_for(changed).await;
            if let (None, Some(code)) = (&self.options.country, country) {
                self.radio.keep_rules_of(code);
            }
            // After the rules, which have the kernel reckon anew.
            self.radio.limit_power(power);
            tuned = Some((country, power));
        }
    }

    /// From power-on to the restart.
    async fn boot(&self) -> Result<(), Failure> {
        self.clock.reboot();
        let storage = self.open_store().await?;
        let mut entropy = [0; 16];
        let random = getrandom::fill(&mut entropy);
        random
            .map_err(|e| Failure::new("random numbers", e, "see that the kernel has a source"))?;
        let built = Builder::new(self.mac, entropy)
            .storage(storage)
            .safe_mode(self.safe_mode.take())
            .build(self.shared, self.radio, &mut warn)
            .await;
        let help = "look at the store's folder";
        let built = built.map_err(|e: BuildError| Failure::new(self.store.display(), e, help));
        let mut runner = built?;
        let now = landfall_device::runtime::Clock::now(&self.clock);
        self.shared
            .with(|device| device.open_console(Door::Serial(PORT), now));
        self.tell_ready();
        let run = Box::pin(async {
            let Restart = runner.run().await;
            // The runner is done; what it said last still goes out.
            Timer::after(RESTART_GRACE).await;
        });
        // Each on the heap: together they outgrow a thread's stack.
        let doors = Box::pin(self.doors.serve());
        let fleet = Box::pin(self.fleet());
        let beside = future::or(self.probe(), future::or(fleet, doors));
        let beside = async { match beside.await {} };
        future::or(run, beside).await;
        Ok(())
    }

    async fn open_store(&self) -> Result<ItemStorage<FileItems>, Failure> {
        let opened = FileItems::open(&self.store);
        let help = "look at the store's folder, or name another one with --state";
        let opened = opened.map_err(|e| Failure::new(self.store.display(), e, help));
        let (items, condition) = opened?;
        if condition == Condition::Reformatted {
            tracing::error!("{} was no store, and was put aside", self.store.display());
        }
        let mut storage = ItemStorage::over(items, condition, Defaults::built_in());
        if let Some(config) = &self.given
            && storage.is_blank().await
            && storage.seed(config).await.is_err()
        {
            return Err(Failure::new(
                self.store.display(),
                "it cannot be written",
                help,
            ));
        }
        Ok(storage)
    }

    /// Says once where everything is.
    fn tell_ready(&self) {
        if self.told.replace(true) {
            return;
        }
        let ap = |device: &mut Device| device.manager().wifi().ap.address.addr;
        let ap_url = match self.shared.with(ap) {
            Some(address) => format!("http://{address}/"),
            None => String::new(),
        };
        let console = self.options.run.join("console");
        let interface = &self.options.interface;
        let ready = Ready::new(self.mac, interface, &self.ap_interface, &console, ap_url);
        ready.print(self.options.json);
    }

    /// Talks to the fleet server, where one is set.
    async fn fleet(&self) -> Infallible {
        let wifi = Wifi::of(self.shared);
        let dialer = HostDial::new(wifi);
        let mut client = Client::new(wifi, &dialer, self.clock, FIRMWARE);
        let mut buffer = Box::new([0; BUFFER_LEN]);
        client.run(&mut buffer).await
    }

    async fn probe(&self) -> Infallible {
        let dialer = Plain(Over(&self.options.interface));
        probe::serve(Wifi::of(self.shared), &dialer).await
    }
}

/// What the daemon says of itself.
const FIRMWARE: Firmware<'static> = Firmware {
    firmware: concat!("landfalld ", env!("CARGO_PKG_VERSION")),
    chip: "linux",
    free_heap: || None,
    random: |bytes| getrandom::fill(bytes).is_ok(),
};

fn warn(warning: &Warning<'_>) {
    tracing::warn!("stored configuration: {warning}");
}

/// Reads a configuration; what is wrong in it is told and left out.
fn load(path: &std::path::Path) -> Result<Config, Failure> {
    let text = read(path)?;
    let mut warn = |warning: &Warning<'_>| tracing::warn!("{}: {warning}", path.display());
    Ok(config::load(
        text.as_bytes(),
        &Defaults::built_in(),
        &mut warn,
    ))
}
