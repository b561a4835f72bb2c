//! The doors of the device, a task each.

use embassy_executor::{SpawnError, SpawnToken, Spawner};
use embassy_net::Stack;
use landfall_device::fleet::Firmware;
use landfall_device::http::Side;
use landfall_device::runtime::Wifi;
use landfall_device::webrepl;
use landfall_embassy::doors::{
    CONFIG_CONNECTIONS, Common, ConfigRoom, Doors, FleetRoom, LeasesRoom, MqttRoom, MulticastRoom,
    NamesRoom, PORTAL_CONNECTIONS, PortalRoom, Sides, WEBREPL_CONNECTIONS, WebReplRoom,
};
use landfall_embassy::{EmbassyClock, address, serial, tcp};
use landfall_virt::machine::{uart, virtio};
use static_cell::ConstStaticCell;

use crate::{Mutex, PORT};

landfall_embassy::door_tasks!(Mutex, CONFIG_CONNECTIONS);

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
) {
    let doors = Doors::new(wifi, room!(Common));
    let Sides { station, ap } = sides;
    spawn(spawner, typed(wifi, port));
    spawn(spawner, addressed(wifi, ap));
    for room in room!([PortalRoom; PORTAL_CONNECTIONS]) {
        spawn(spawner, portal(doors, sides, room));
    }
    for room in room!([ConfigRoom; CONFIG_CONNECTIONS]) {
        spawn(spawner, config(doors, sides, room));
    }
    let shared = room!(webrepl::Shared);
    for room in room!([WebReplRoom; WEBREPL_CONNECTIONS]) {
        spawn(spawner, web_repl(doors, sides, shared, room));
    }
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
    spawn(spawner, mqtt(doors, station, room!(MqttRoom)));
    spawn(spawner, probe(doors, station, room!(tcp::Room<1>)));
    spawn(spawner, fleet(doors, station, room!(FleetRoom), FIRMWARE));
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
