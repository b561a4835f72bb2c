//! The doors of the device, a task each.

use embassy_executor::{SpawnError, SpawnToken, Spawner};
use embassy_net::Stack;
use landfall_device::fleet::Firmware;
use landfall_device::http::Side;
use landfall_device::runtime::Wifi;
use landfall_embassy::doors::{
    Common, ConfigRoom, Doors, FleetRoom, LeasesRoom, MulticastRoom, NamesRoom, PORTAL_CONNECTIONS,
    Sides, WebReplRoom, WorkerRoom,
};
use landfall_embassy::{EmbassyClock, address, serial, tcp};
use landfall_virt::machine::{uart, virtio};
use landfall_virt::radio::VirtualAir;
use static_cell::ConstStaticCell;

use crate::{Mutex, PORT};

type Open = Doors<'static, Mutex>;

/// What the device says of itself to the fleet.
const FIRMWARE: Firmware<'static> = Firmware {
    firmware: concat!("landfall-virt ", env!("CARGO_PKG_VERSION")),
    chip: "QEMU virt",
    free_heap: || None,
    random: virtio::random,
};

/// Each task is spawned once for each place it has.
fn spawn<S>(spawner: Spawner, task: Result<SpawnToken<S>, SpawnError>) {
    spawner.spawn(task.unwrap_or_else(|_| unreachable!("a place for each is made")));
}

/// Makes room, once: from the start, and not on the stack.
macro_rules! room {
    ([$kind:ty; $number:expr]) => {{
        static ROOMS: ConstStaticCell<[$kind; $number]> =
            ConstStaticCell::new([const { <$kind>::new() }; $number]);
        ROOMS.take()
    }};
    ($kind:ty) => {{
        static ROOM: ConstStaticCell<$kind> = ConstStaticCell::new(<$kind>::new());
        ROOM.take()
    }};
}

/// Opens all of them.
pub(super) fn open(
    spawner: Spawner,
    wifi: Wifi<EmbassyClock, Mutex>,
    sides: Sides<'static>,
    port: (uart::Input, uart::Output),
    air: VirtualAir,
) {
    let doors = Doors::new(wifi, room!(Common));
    let Sides { station, ap } = sides;
    spawn(spawner, typed(wifi, port));
    spawn(spawner, addressed(wifi, ap));
    spawn(spawner, probed(wifi, air));
    for room in room!([WorkerRoom; PORTAL_CONNECTIONS]) {
        spawn(spawner, portal(doors, sides, room));
    }
    spawn(spawner, config(doors, sides, room!(ConfigRoom)));
    spawn(spawner, web_repl(doors, sides, room!(WebReplRoom)));
    spawn(spawner, names(doors, ap, room!(NamesRoom)));
    spawn(spawner, leases(doors, ap, room!(LeasesRoom)));
    spawn(
        spawner,
        multicast_names(doors, Side::Ap, ap, room!(MulticastRoom)),
    );
    spawn(
        spawner,
        multicast_names(doors, Side::Station, station, room!(MulticastRoom)),
    );
    spawn(spawner, mqtt(doors, station, room!(tcp::Room<1>)));
    spawn(spawner, fleet(doors, station, room!(FleetRoom)));
}

#[embassy_executor::task]
async fn typed(wifi: Wifi<EmbassyClock, Mutex>, port: (uart::Input, uart::Output)) {
    let (input, output) = port;
    serial::serve(wifi, PORT, input, output).await;
}

#[embassy_executor::task]
async fn addressed(wifi: Wifi<EmbassyClock, Mutex>, ap: Stack<'static>) -> ! {
    address::follow_ap(wifi, ap).await
}

/// Answers the probe for internet, as often as the machine asks.
#[embassy_executor::task]
async fn probed(wifi: Wifi<EmbassyClock, Mutex>, air: VirtualAir) {
    let shared = wifi.shared();
    loop {
        shared.probe_wanted().await;
        shared.with(|device| device.internet(air.internet()));
    }
}

#[embassy_executor::task(pool_size = PORTAL_CONNECTIONS)]
async fn portal(doors: Open, sides: Sides<'static>, room: &'static mut WorkerRoom) {
    match doors.portal_worker(sides, room).await {}
}

#[embassy_executor::task]
async fn config(doors: Open, sides: Sides<'static>, room: &'static mut ConfigRoom) {
    match doors.config(sides, room).await {}
}

#[embassy_executor::task]
async fn web_repl(doors: Open, sides: Sides<'static>, room: &'static mut WebReplRoom) {
    match doors.web_repl(sides, room).await {}
}

#[embassy_executor::task]
async fn names(doors: Open, ap: Stack<'static>, room: &'static mut NamesRoom) {
    match doors.names(ap, room).await {}
}

#[embassy_executor::task]
async fn leases(doors: Open, ap: Stack<'static>, room: &'static mut LeasesRoom) {
    match doors.leases(ap, room).await {}
}

#[embassy_executor::task(pool_size = 2)]
async fn multicast_names(
    doors: Open,
    side: Side,
    stack: Stack<'static>,
    room: &'static mut MulticastRoom,
) {
    match doors.multicast_names(side, stack, room).await {}
}

#[embassy_executor::task]
async fn mqtt(doors: Open, station: Stack<'static>, room: &'static mut tcp::Room<1>) {
    match doors.mqtt(station, room, |_| ()).await {}
}

#[embassy_executor::task]
async fn fleet(doors: Open, station: Stack<'static>, room: &'static mut FleetRoom) {
    match doors.fleet(station, room, FIRMWARE).await {}
}
