//! The doors of a device, each a future of its own: a firmware spawns those it wants, with the
//! room they take, and pays for no other.

use core::convert::Infallible;

use embassy_futures::join::join_array;
use embassy_futures::select::select;
use embassy_net::Stack;
use embassy_sync::blocking_mutex::raw::RawMutex;
use landfall_device::dial::Plain;
use landfall_device::doors::{self as device, Doorway, On};
use landfall_device::fleet::{self, Firmware};
use landfall_device::http::{
    self, BUFFER_LEN, CONFIG_BUFFER_LEN, Door, STREAMS_ON_CHIP, Server, Service, Side,
};
use landfall_device::mqtt::{Gateway, News};
use landfall_device::runtime::{Device, Wifi};
use landfall_device::{dhcp, dns, mdns, webrepl};

use crate::both::{self, Both};
use crate::net::Outward;
use crate::tcp::{Listener, Sockets};
use crate::{EmbassyClock, tcp, udp};

/// Connections that a side's portal serves at one time: its event stream, and four others.
pub const PORTAL_CONNECTIONS: usize = STREAMS_ON_CHIP as usize + 4;
/// Connections that the config server serves at one time: its buffers are the largest of all, and one person edits.
pub const CONFIG_CONNECTIONS: usize = 1;
/// Connections of WebREPL: the client, and one that is told why not.
pub const WEBREPL_CONNECTIONS: usize = webrepl::CONNECTIONS_MIN;

/// The ports, which are fixed on a device that has addresses of its own.
const PORTAL_PORT: u16 = 80;
const CONFIG_PORT: u16 = 8080;
const WEBREPL_PORT: u16 = 8266;

/// The two stacks of a device.
#[derive(Clone, Copy)]
pub struct Sides<'d> {
    /// In the network that it joined.
    pub station: Stack<'d>,
    /// In the network that it makes.
    pub ap: Stack<'d>,
}

/// Room for one connection of a portal on both sides.
#[derive(Debug)]
pub struct WorkerRoom {
    station: tcp::Room<1>,
    ap: tcp::Room<1>,
    http: [u8; BUFFER_LEN],
}

/// Room for the access point's name server.
pub type NamesRoom = udp::Room<{ dns::QUERY_MAX }, { dns::REPLY_MAX }>;

/// Room for the access point's DHCP server.
pub type LeasesRoom = udp::Room<{ dhcp::PACKET_MAX }, { dhcp::REPLY_MAX }>;

/// Room for multicast DNS on one side.
pub type MulticastRoom = udp::Room<{ mdns::QUERY_MAX }, { mdns::REPLY_MAX }>;

/// Room for the config server: sockets on both sides, and a buffer for each connection.
#[derive(Debug)]
pub struct ConfigRoom {
    station: tcp::Room<CONFIG_CONNECTIONS>,
    ap: tcp::Room<CONFIG_CONNECTIONS>,
    http: [[u8; CONFIG_BUFFER_LEN]; CONFIG_CONNECTIONS],
}

/// Room for WebREPL: sockets on both sides, and a buffer for each connection.
#[derive(Debug)]
pub struct WebReplRoom {
    station: tcp::Room<WEBREPL_CONNECTIONS>,
    ap: tcp::Room<WEBREPL_CONNECTIONS>,
    http: [[u8; BUFFER_LEN]; WEBREPL_CONNECTIONS],
}

/// Room for the fleet's client: its one connection, and a whole heartbeat.
#[derive(Debug)]
pub struct FleetRoom {
    tcp: tcp::Room<1>,
    beat: [u8; fleet::BUFFER_LEN],
}

/// Makes the empty rooms.
macro_rules! empty {
    ($($room:ident { $($field:ident: $value:expr),* })*) => { $(
        impl $room {
            /// Empty.
            pub const fn new() -> Self {
                Self { $($field: $value),* }
            }
        }

        impl Default for $room {
            fn default() -> Self {
                Self::new()
            }
        }
    )* };
}

empty! {
    WorkerRoom { station: tcp::Room::new(), ap: tcp::Room::new(), http: [0; BUFFER_LEN] }
    ConfigRoom {
        station: tcp::Room::new(),
        ap: tcp::Room::new(),
        http: [[0; CONFIG_BUFFER_LEN]; CONFIG_CONNECTIONS]
    }
    WebReplRoom {
        station: tcp::Room::new(),
        ap: tcp::Room::new(),
        http: [[0; BUFFER_LEN]; WEBREPL_CONNECTIONS]
    }
    FleetRoom { tcp: tcp::Room::new(), beat: [0; fleet::BUFFER_LEN] }
}

/// What the doors of one device have in common: make it a `static`, and one alone.
#[derive(Debug)]
pub struct Common {
    http: http::Shared,
    webrepl: webrepl::Shared,
}

impl Common {
    /// Before the first visitor.
    pub const fn new() -> Self {
        Self {
            http: http::Shared::new(STREAMS_ON_CHIP),
            webrepl: webrepl::Shared::new(),
        }
    }
}

impl Default for Common {
    fn default() -> Self {
        Self::new()
    }
}

/// The doors of one device.
pub struct Doors<'d, M: RawMutex + 'static>(device::Doors<'d, EmbassyClock, EmbassyClock, M>);

impl<M: RawMutex> Clone for Doors<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: RawMutex> Copy for Doors<'_, M> {}

impl<'d, M: RawMutex> Doors<'d, M> {
    /// Of that device.
    pub fn new(wifi: Wifi<EmbassyClock, M>, common: &'d Common) -> Self {
        Self(device::Doors {
            wifi,
            timer: &EmbassyClock,
            http: &common.http,
            webrepl: &common.webrepl,
        })
    }

    /// One connection of the portal and its API, for whoever comes next on either side; spawn [`PORTAL_CONNECTIONS`] of
    /// them. For a chip, which has no room for as many on each side, nor a stack for all of them in one future. A side that
    /// is down has no address, and nobody gets there.
    pub async fn portal_worker(self, sides: Sides<'_>, room: &mut WorkerRoom) -> Infallible {
        let WorkerRoom { station, ap, http } = room;
        let station = Sockets::new(sides.station, station);
        let ap = Sockets::new(sides.ap, ap);
        let port = Both(station.listen(PORTAL_PORT), ap.listen(PORTAL_PORT));
        let of = |side| self.server(Service::Portal, side, PORTAL_PORT);
        both::work(&of(Side::Station), &of(Side::Ap), port, http).await
    }

    fn server(
        &self,
        service: Service,
        side: Side,
        port: u16,
    ) -> Server<'_, Wifi<EmbassyClock, M>, EmbassyClock> {
        Server {
            device: &self.0.wifi,
            timer: self.0.timer,
            shared: self.0.http,
            door: Door {
                service,
                side,
                port,
                loopback: false,
            },
        }
    }

    /// The config server, while the configuration wants it and a side is up.
    pub async fn config(self, sides: Sides<'_>, room: &mut ConfigRoom) -> Infallible {
        let ConfigRoom { station, ap, http } = room;
        let station = Sockets::new(sides.station, station);
        let ap = Sockets::new(sides.ap, ap);
        let of = |side| self.server(Service::Config, side, CONFIG_PORT);
        let (on_station, on_ap) = (of(Side::Station), of(Side::Ap));
        let shared = self.0.wifi.shared();
        loop {
            let workers = http.each_mut().map(|buffer| {
                let port = Both(station.listen(CONFIG_PORT), ap.listen(CONFIG_PORT));
                both::work(&on_station, &on_ap, port, buffer)
            });
            shared
                .wait_for(|device| device::config_runs(On::Both, device).then_some(()))
                .await;
            let runs_no_more = |device: &mut Device| !device::config_runs(On::Both, device);
            let closed = shared.wait_for(|device| runs_no_more(device).then_some(()));
            // No worker ends.
            select(join_array(workers), closed).await;
        }
    }

    /// WebREPL, while the configuration wants it on what the device is on.
    pub async fn web_repl(self, sides: Sides<'_>, room: &mut WebReplRoom) -> Infallible {
        let WebReplRoom { station, ap, http } = room;
        let station = Sockets::new(sides.station, station);
        let ap = Sockets::new(sides.ap, ap);
        let port = Both(station.listen(WEBREPL_PORT), ap.listen(WEBREPL_PORT));
        self.0.web_repl(On::Both, &port, http).await
    }

    /// The access point's name server, while that is up: every name is the device.
    pub async fn names<const RX: usize, const TX: usize>(
        self,
        ap: Stack<'_>,
        room: &mut udp::Room<RX, TX>,
    ) -> Infallible {
        const { assert!(RX >= dns::QUERY_MAX && TX >= dns::REPLY_MAX) };
        let socket = udp::Socket::new(ap, room);
        self.0.names(async |_| socket.bind(dns::PORT)).await
    }

    /// The access point's DHCP server, while that is up.
    pub async fn leases<const RX: usize, const TX: usize>(
        self,
        ap: Stack<'_>,
        room: &mut udp::Room<RX, TX>,
    ) -> Infallible {
        const { assert!(RX >= dhcp::PACKET_MAX && TX >= dhcp::REPLY_MAX) };
        let socket = udp::Socket::new(ap, room);
        let bind = async |_| socket.bind(dhcp::SERVER_PORT);
        self.0.addresses(bind).await
    }

    /// Multicast DNS on one side, while that side is up.
    pub async fn multicast_names<const RX: usize, const TX: usize>(
        self,
        side: Side,
        stack: Stack<'_>,
        room: &mut udp::Room<RX, TX>,
    ) -> Infallible {
        const { assert!(RX >= mdns::QUERY_MAX && TX >= mdns::REPLY_MAX) };
        let socket = udp::Socket::new(stack, room);
        mdns::serve(self.0.wifi, side, async |_| socket.bind(mdns::PORT)).await
    }

    /// The MQTT gateway, while the station holds an address and the configuration names a broker.
    pub async fn mqtt(
        self,
        station: Stack<'_>,
        room: &mut tcp::Room<1>,
        tell: fn(News),
    ) -> Infallible {
        let dialer = Plain(Outward::new(station, room));
        Gateway::new(self.0.wifi, dialer, tell).run().await
    }

    /// The fleet's client, where the configuration names a server.
    pub async fn fleet(
        self,
        station: Stack<'_>,
        room: &mut FleetRoom,
        firmware: Firmware<'static>,
    ) -> Infallible {
        let FleetRoom { tcp, beat } = room;
        let dialer = Plain(Outward::new(station, tcp));
        let mut client = fleet::Client::new(self.0.wifi, &dialer, &EmbassyClock, firmware);
        client.run(beat).await
    }
}

/// A port is open as soon as it is listened on.
impl<'d, const N: usize> Doorway for Listener<'_, 'd, N> {
    type Error = Infallible;
    type Acceptor<'a>
        = Self
    where
        Self: 'a;

    fn port(&self) -> u16 {
        Listener::port(self)
    }

    async fn open(&self) -> Result<Self, Infallible> {
        Ok(*self)
    }
}

impl<'d, const N: usize> Doorway for Both<'_, 'd, N> {
    type Error = Infallible;
    type Acceptor<'a>
        = Self
    where
        Self: 'a;

    fn port(&self) -> u16 {
        self.0.port()
    }

    async fn open(&self) -> Result<Self, Infallible> {
        Ok(*self)
    }
}
