//! The doors of a device, each a future of its own: a firmware spawns those it wants, with the
//! room they take, and pays for no other.

use core::convert::Infallible;

use embassy_net::Stack;
use embassy_sync::blocking_mutex::raw::RawMutex;
use landfall_device::dial::Plain;
use landfall_device::doors as device;
use landfall_device::fleet::{self, Firmware};
use landfall_device::http::{self, STREAMS_ON_CHIP, Service, Side};
use landfall_device::mqtt::{Gateway, News};
use landfall_device::runtime::Wifi;
use landfall_device::{dhcp, dns, mdns, probe, webrepl};

use crate::both::Both;
use crate::net::Outward;
pub use crate::rooms::{
    ConfigRoom, FleetRoom, HttpRoom, LeasesRoom, MqttRoom, MulticastRoom, NamesRoom, PortalRoom,
    WEBREPL_CONNECTIONS, WebReplRoom,
};
use crate::tcp::Sockets;
use crate::{EmbassyClock, tcp, udp};

/// Connections that a side's portal serves at one time: its event stream, and four others.
pub const PORTAL_CONNECTIONS: usize = STREAMS_ON_CHIP as usize + 4;
/// Connections that the config server serves at one time; a firmware with less room for their buffers, which are the
/// largest of all, spawns fewer.
pub const CONFIG_CONNECTIONS: usize = 4;

/// The two stacks of a device.
#[derive(Clone, Copy)]
pub struct Sides<'d> {
    /// In the network that it joined.
    pub station: Stack<'d>,
    /// In the network that it makes.
    pub ap: Stack<'d>,
}

/// What the doors of one device have in common: make it a `static`, and one alone.
#[derive(Debug)]
pub struct Common {
    http: http::Shared,
}

impl Common {
    /// Before the first visitor.
    pub const fn new() -> Self {
        Self {
            http: http::Shared::new(STREAMS_ON_CHIP),
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
        })
    }

    /// One connection of the portal and its API, for whoever comes next on either side; spawn [`PORTAL_CONNECTIONS`] of
    /// them: a chip has no stack for all of them in one future.
    pub async fn portal(self, sides: Sides<'_>, room: &mut PortalRoom) -> Infallible {
        let HttpRoom { station, ap, http } = room;
        let station = Sockets::new(sides.station, station);
        let ap = Sockets::new(sides.ap, ap);
        let port = Service::Portal.port();
        let (station, ap) = (station.listen(port), ap.listen(port));
        self.0.portal_on_either(&station, &ap, http).await
    }

    /// One connection of the config server, likewise, while the configuration wants it; spawn up to
    /// [`CONFIG_CONNECTIONS`] of them.
    pub async fn config(self, sides: Sides<'_>, room: &mut ConfigRoom) -> Infallible {
        let HttpRoom { station, ap, http } = room;
        let station = Sockets::new(sides.station, station);
        let ap = Sockets::new(sides.ap, ap);
        let port = Service::Config.port();
        let (station, ap) = (station.listen(port), ap.listen(port));
        self.0.config_on_either(&station, &ap, http).await
    }

    /// One connection of WebREPL, while the configuration wants it on what the device is on; spawn
    /// [`WEBREPL_CONNECTIONS`] of them, and make what they share a `static`.
    pub async fn web_repl(
        self,
        sides: Sides<'_>,
        shared: &webrepl::Shared,
        room: &mut WebReplRoom,
    ) -> Infallible {
        let HttpRoom { station, ap, http } = room;
        let station = Sockets::new(sides.station, station);
        let ap = Sockets::new(sides.ap, ap);
        let port = Both(station.listen(webrepl::PORT), ap.listen(webrepl::PORT));
        self.0.web_repl_worker(&port, shared, http).await
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
    pub async fn mqtt(self, station: Stack<'_>, room: &mut MqttRoom, tell: fn(News)) -> Infallible {
        let MqttRoom { tcp, mqtt } = room;
        let dialer = Plain(Outward::new(station, tcp));
        Gateway::new(self.0.wifi, dialer, tell).run(mqtt).await
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

    /// Looks whether there is internet behind the network joined, where the configuration says by which URL.
    pub async fn probe(self, station: Stack<'_>, room: &mut tcp::Room<1>) -> Infallible {
        let dialer = Plain(Outward::new(station, room));
        probe::serve(self.0.wifi, &dialer).await
    }
}
