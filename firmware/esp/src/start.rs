//! How the device comes to life on a chip.

use core::cell::OnceCell;
use core::fmt;
use core::ops::Range;

use embassy_executor::{SpawnError, Spawner};
use embassy_futures::block_on;
use embassy_net::{Config, Stack, StackResources};
use esp_hal::efuse::{InterfaceMacAddress, interface_mac_address};
use esp_hal::peripherals::{FLASH, RTC_TIMER, WIFI};
use esp_hal::ram;
use esp_hal::rng::Rng;
use esp_radio::wifi::Interface;
use landfall_core::config::Defaults;
use landfall_core::net::Mac;
use landfall_device::runtime::{BuildError, Builder, FlashStorage};
use landfall_device::store::{Store, StoreError};
use landfall_embassy::doors::{Common, PORTAL_CONNECTIONS, WEBREPL_CONNECTIONS};
use static_cell::StaticCell;

use crate::doors::CONFIG_CONNECTIONS;
use crate::flash::{Flash, PartitionError};
use crate::radio::EspRadio;
use crate::{Shared, Wifi, crash, jitter, logger, tasks};
use landfall_embassy::EmbassyClock;

/// Bytes of heap, in the memory that the boot loader leaves behind and nothing else can use. Nothing but the radio's driver
/// allocates.
const HEAP_LEN: usize = 64 * 1024;
/// Sockets of each side: those of all its doors at once, and the stack's own for names and DHCP.
const STATION_SOCKETS: usize = PORTAL_CONNECTIONS + CONFIG_CONNECTIONS + WEBREPL_CONNECTIONS + 6;
const AP_SOCKETS: usize = PORTAL_CONNECTIONS + CONFIG_CONNECTIONS + WEBREPL_CONNECTIONS + 4;

/// The family of the chip, as tools know it.
#[cfg(feature = "esp32")]
pub(crate) const CHIP: &str = "ESP32";
#[cfg(feature = "esp32c3")]
pub(crate) const CHIP: &str = "ESP32-C3";
#[cfg(feature = "esp32c6")]
pub(crate) const CHIP: &str = "ESP32-C6";
#[cfg(feature = "esp32s3")]
pub(crate) const CHIP: &str = "ESP32-S3";

/// The chip's parts that the device takes.
pub struct Parts {
    /// The radio.
    pub wifi: WIFI<'static>,
    /// The flash: the configuration is kept in its `nvs` partition.
    pub flash: FLASH<'static>,
    /// The clock that runs on over a restart.
    pub rtc: RTC_TIMER<'static>,
}

/// Why the device did not come to life.
#[derive(Clone, Copy, Debug)]
pub enum StartError {
    /// The flash is not laid out for it: flash `partitions.csv` with the program.
    Partition(PartitionError),
    /// The store cannot be opened.
    Store(StoreError),
    /// No device was built.
    Build(BuildError),
    /// It runs already.
    Spawn(SpawnError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Partition(error) => error.fmt(f),
            Self::Store(error) => write!(f, "the store cannot be opened: {error:?}"),
            Self::Build(error) => error.fmt(f),
            Self::Spawn(error) => write!(f, "it runs already: {error:?}"),
        }
    }
}

impl core::error::Error for StartError {}

impl From<SpawnError> for StartError {
    fn from(error: SpawnError) -> Self {
        Self::Spawn(error)
    }
}

/// Gives the radio's driver its heap. To be called once, before [`Landfall::start`], by a firmware that has no heap of
/// its own.
pub fn init_heap() {
    esp_alloc::heap_allocator!(#[ram(reclaimed)] size: HEAP_LEN);
}

/// A device that runs.
pub struct Landfall {
    /// The handle on it.
    pub wifi: Wifi,
    pub(crate) spawner: Spawner,
    pub(crate) station: Stack<'static>,
    pub(crate) ap: Stack<'static>,
    /// What its doors have in common.
    pub(crate) common: OnceCell<&'static Common>,
}

impl Landfall {
    /// Starts the radio, reads the store and runs the machine, on the executor of that spawner. `esp-rtos` has to be
    /// started, and to have a heap.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(spawner: Spawner, parts: Parts) -> Result<Self, StartError> {
        // Made at run time: as a constant it would lie in the flash, byte for byte.
        static SHARED: StaticCell<Shared> = StaticCell::new();
        let shared = SHARED.try_uninit().ok_or(SpawnError::Busy)?;
        let shared: &'static Shared = shared.write(Shared::new(EmbassyClock));
        let wifi = Wifi::of(shared);
        let (start, watchdog) = crash::note_start(parts.rtc);
        logger::init();
        spawner.spawn(tasks::watch(watchdog)?);
        let mut flash = Flash::new(parts.flash);
        let nvs = flash.nvs().map_err(StartError::Partition)?;
        let store = open_store(flash, nvs)?;
        let (station, ap) = stacks(spawner)?;
        let radio = EspRadio::start(parts.wifi, station, wifi).await;
        let mut entropy = [0; 16];
        Rng::new().read(&mut entropy);
        let mut builder = Builder::new(mac(), entropy)
            .chip(CHIP)
            .jitter(jitter::steady)
            .safe_mode(start.safe_mode);
        if !radio.is_up() {
            // Without a radio that runs what the generator gives is not random.
            builder = builder.without_entropy();
        }
        if let Some((cause, place)) = start.crash {
            builder = builder.crashed(cause, place);
        }
        spawner.spawn(tasks::run(builder.storage(store), shared, radio)?);
        tasks::BUILT.wait().await.map_err(StartError::Build)?;
        spawner.spawn(tasks::print_log(wifi)?);
        spawner.spawn(tasks::tune(wifi)?);
        spawner.spawn(tasks::follow_ap(wifi, ap)?);
        spawner.spawn(tasks::part_jitter(wifi)?);
        let device = Self {
            wifi,
            spawner,
            station,
            ap,
            common: OnceCell::new(),
        };
        device.probe()?;
        Ok(device)
    }
}

/// The stacks of both sides, without an address until there is a link.
fn stacks(spawner: Spawner) -> Result<(Stack<'static>, Stack<'static>), StartError> {
    static STATION: StaticCell<StackResources<STATION_SOCKETS>> = StaticCell::new();
    static AP: StaticCell<StackResources<AP_SOCKETS>> = StaticCell::new();
    let rng = Rng::new();
    let seed = || u64::from(rng.random()) << 32 | u64::from(rng.random());
    let station = STATION.init_with(StackResources::new);
    let none = Config::default;
    let (station, runner) = embassy_net::new(Interface::station(), none(), station, seed());
    spawner.spawn(tasks::net(runner)?);
    let ap = AP.init_with(StackResources::new);
    let (ap, runner) = embassy_net::new(Interface::access_point(), none(), ap, seed());
    spawner.spawn(tasks::net(runner)?);
    Ok((station, ap))
}

/// Opens the store, where it stays. The flash makes whoever asks wait, so this is no loss; and what it takes of the stack for
/// a moment is not taken beneath what comes next.
#[inline(never)]
fn open_store(
    flash: Flash,
    nvs: Range<u32>,
) -> Result<&'static mut FlashStorage<Flash>, StartError> {
    static STORE: StaticCell<FlashStorage<Flash>> = StaticCell::new();
    let layout = Store::<Flash>::layout(nvs).map_err(StartError::Store)?;
    let place = STORE.try_uninit().ok_or(SpawnError::Busy)?;
    let store = place.write(FlashStorage::new(flash, layout, Defaults::built_in()));
    block_on(store.settle()).map_err(StartError::Store)?;
    Ok(store)
}

/// The hardware address of the station, by which the device is known.
fn mac() -> Mac {
    let address = interface_mac_address(InterfaceMacAddress::Station);
    let mut mac = Mac([0; 6]);
    mac.0.copy_from_slice(address.as_bytes());
    mac
}
