//! The doors, opened by name. Each is a task or a few, whose memory is fixed by the linker.

use embassy_executor::SpawnError;
use esp_hal::peripherals::{UART0, USB_DEVICE};
use esp_hal::ram;
use esp_hal::rng::Rng;
use esp_hal::uart::{self, ConfigError, Uart, UartRx, UartTx};
use esp_hal::usb::usb_serial_jtag::{UsbSerialJtag, UsbSerialJtagRx, UsbSerialJtagTx};
use esp_hal::{Async, gpio::AnyPin};
use landfall_core::command::Door;
use landfall_device::fleet::Firmware;
use landfall_device::http::Side;
use landfall_device::runtime::Clock;
use landfall_device::webrepl;
use landfall_embassy::doors::{
    Common, ConfigRoom, Doors, FleetRoom, LeasesRoom, MqttRoom, MulticastRoom, NamesRoom,
    PORTAL_CONNECTIONS, PortalRoom, Sides, WEBREPL_CONNECTIONS, WebReplRoom,
};
use landfall_embassy::{EmbassyClock, serial, tcp};
use static_cell::{ConstStaticCell, StaticCell};

use crate::lock::TaskLock;
use crate::start::CHIP;
use crate::{Landfall, Wifi};

/// Connections of the config server: as many as there is RAM for.
pub(crate) const CONFIG_CONNECTIONS: usize = if cfg!(not(feature = "esp32c3")) {
    landfall_embassy::doors::CONFIG_CONNECTIONS
} else if cfg!(feature = "web-repl") {
    1
} else {
    2
};

/// The serial ports, as consoles number them.
const UART: u8 = 0;
const USB: u8 = 1;
/// Speed of the UART.
const BAUD: u32 = 115_200;

impl Landfall {
    fn doors(&self) -> AllDoors {
        static COMMON: StaticCell<Common> = StaticCell::new();
        // Made by the first door; there is one device, and it keeps it.
        let common = *self.common.get_or_init(|| COMMON.init_with(Common::new));
        Doors::new(self.wifi, common)
    }

    /// Looks for internet behind the network joined, where the configuration says how.
    pub(crate) fn probe(&self) -> Result<(), SpawnError> {
        static ROOM: ConstStaticCell<tcp::Room<1>> = ConstStaticCell::new(tcp::Room::new());
        let task = probe(self.doors(), self.station, room(&ROOM)?)?;
        self.spawner.spawn(task);
        Ok(())
    }

    fn sides(&self) -> Sides<'static> {
        Sides {
            station: self.station,
            ap: self.ap,
        }
    }

    /// Opens the portal and its API on both sides, and what brings a phone to it: DHCP and the captive name server on the
    /// access point, multicast DNS on both sides.
    ///
    /// # Errors
    /// It is open already.
    pub fn portal(&self) -> Result<(), SpawnError> {
        static PORTAL: [ConstStaticCell<PortalRoom>; PORTAL_CONNECTIONS] =
            [const { ConstStaticCell::new(PortalRoom::new()) }; PORTAL_CONNECTIONS];
        static NAMES: ConstStaticCell<NamesRoom> = ConstStaticCell::new(NamesRoom::new());
        static LEASES: ConstStaticCell<LeasesRoom> = ConstStaticCell::new(LeasesRoom::new());
        // The clock's memory is slower, and else nobody's.
        #[ram(unstable(rtc_fast))]
        static MULTICAST: [ConstStaticCell<MulticastRoom>; 2] =
            [const { ConstStaticCell::new(MulticastRoom::new()) }; 2];
        let doors = self.doors();
        let [station_room, ap_room] = MULTICAST.each_ref();
        let (station, ap) = (self.station, self.ap);
        let s = self.spawner;
        s.spawn(leases(doors, ap, room(&LEASES)?)?);
        s.spawn(names(doors, ap, room(&NAMES)?)?);
        for worker in &PORTAL {
            s.spawn(portal(doors, self.sides(), room(worker)?)?);
        }
        s.spawn(multicast_names(doors, Side::Ap, ap, room(ap_room)?)?);
        s.spawn(multicast_names(
            doors,
            Side::Station,
            station,
            room(station_room)?,
        )?);
        Ok(())
    }

    /// Opens the config server: it runs while the configuration says so.
    ///
    /// # Errors
    /// It is open already.
    pub fn config_server(&self) -> Result<(), SpawnError> {
        static ROOMS: [ConstStaticCell<ConfigRoom>; CONFIG_CONNECTIONS] =
            [const { ConstStaticCell::new(ConfigRoom::new()) }; CONFIG_CONNECTIONS];
        for cell in &ROOMS {
            let task = config(self.doors(), self.sides(), room(cell)?)?;
            self.spawner.spawn(task);
        }
        Ok(())
    }

    /// Opens WebREPL: it runs while the configuration says so.
    ///
    /// # Errors
    /// It is open already.
    pub fn web_repl(&self) -> Result<(), SpawnError> {
        static SHARED: ConstStaticCell<webrepl::Shared> =
            ConstStaticCell::new(webrepl::Shared::new());
        static ROOMS: [ConstStaticCell<WebReplRoom>; WEBREPL_CONNECTIONS] =
            [const { ConstStaticCell::new(WebReplRoom::new()) }; WEBREPL_CONNECTIONS];
        let shared = room(&SHARED)?;
        for cell in &ROOMS {
            let task = web_repl(self.doors(), self.sides(), shared, room(cell)?)?;
            self.spawner.spawn(task);
        }
        Ok(())
    }

    /// Opens the MQTT gateway: it runs where the configuration names a broker.
    ///
    /// # Errors
    /// It is open already.
    pub fn mqtt(&self) -> Result<(), SpawnError> {
        static ROOM: ConstStaticCell<MqttRoom> = ConstStaticCell::new(MqttRoom::new());
        let task = mqtt(self.doors(), self.station, room(&ROOM)?)?;
        self.spawner.spawn(task);
        Ok(())
    }

    /// Joins the fleet whose server the configuration names, by sealed heartbeats.
    ///
    /// # Errors
    /// It did already.
    pub fn fleet(&self) -> Result<(), SpawnError> {
        static ROOM: ConstStaticCell<FleetRoom> = ConstStaticCell::new(FleetRoom::new());
        let task = fleet(self.doors(), self.station, room(&ROOM)?, FIRMWARE)?;
        self.spawner.spawn(task);
        Ok(())
    }

    /// Opens the console on the UART, Improv beside it.
    ///
    /// # Errors
    /// [`SerialError`].
    pub fn console_on_uart(
        &self,
        port: UART0<'static>,
        rx: AnyPin<'static>,
        tx: AnyPin<'static>,
    ) -> Result<(), SerialError> {
        let config = uart::Config::default().with_baudrate(BAUD);
        let port = Uart::new(port, config).map_err(SerialError::Config)?;
        let (rx, tx) = port.with_rx(rx).with_tx(tx).into_async().split();
        self.open_console(UART);
        self.spawner.spawn(on_uart(self.wifi, rx, tx)?);
        Ok(())
    }

    /// Opens the console on the chip's own USB port, Improv beside it.
    ///
    /// # Errors
    /// It is open already.
    pub fn console_on_usb(&self, port: USB_DEVICE<'static>) -> Result<(), SerialError> {
        let (rx, tx) = UsbSerialJtag::new(port).into_async().split();
        self.open_console(USB);
        self.spawner.spawn(on_usb(self.wifi, rx, tx)?);
        Ok(())
    }

    fn open_console(&self, port: u8) {
        let now = EmbassyClock.now();
        self.wifi
            .shared()
            .with(|device| device.open_console(Door::Serial(port), now));
    }
}

/// What the device says of itself to the fleet.
const FIRMWARE: Firmware<'static> = Firmware {
    firmware: concat!("landfall-esp ", env!("CARGO_PKG_VERSION")),
    chip: CHIP,
    free_heap: || u32::try_from(esp_alloc::HEAP.free()).ok(),
    // The radio runs: what the generator gives is random.
    random: |bytes| {
        Rng::new().read(bytes);
        true
    },
};

/// Why there is no console on a serial port.
#[derive(Clone, Copy, Debug)]
pub enum SerialError {
    /// The port cannot be set so.
    Config(ConfigError),
    /// It is open already.
    Spawn(SpawnError),
}

impl From<SpawnError> for SerialError {
    fn from(error: SpawnError) -> Self {
        Self::Spawn(error)
    }
}

fn room<T>(cell: &'static ConstStaticCell<T>) -> Result<&'static mut T, SpawnError> {
    cell.try_take().ok_or(SpawnError::Busy)
}

landfall_embassy::door_tasks!(TaskLock, CONFIG_CONNECTIONS);

#[embassy_executor::task]
async fn on_uart(wifi: Wifi, rx: UartRx<'static, Async>, tx: UartTx<'static, Async>) {
    serial::serve(wifi, UART, rx, tx).await;
}

#[embassy_executor::task]
async fn on_usb(
    wifi: Wifi,
    rx: UsbSerialJtagRx<'static, Async>,
    tx: UsbSerialJtagTx<'static, Async>,
) {
    serial::serve(wifi, USB, rx, tx).await;
}
