//! The room that each door takes of RAM, fixed by whoever opens it: make each a `static`.

use landfall_device::http::{BUFFER_LEN, CONFIG_BUFFER_LEN};
use landfall_device::{dhcp, dns, fleet, mdns, mqtt, webrepl};

use crate::{tcp, udp};

/// Connections of WebREPL: the client, and one that is told why not.
pub const WEBREPL_CONNECTIONS: usize = webrepl::CONNECTIONS_MIN;

/// Room for one connection of an HTTP service on both sides.
#[derive(Debug)]
pub struct HttpRoom<const LEN: usize> {
    pub(crate) station: tcp::Room<1>,
    pub(crate) ap: tcp::Room<1>,
    pub(crate) http: [u8; LEN],
}

impl<const LEN: usize> HttpRoom<LEN> {
    /// Empty.
    pub const fn new() -> Self {
        Self {
            station: tcp::Room::new(),
            ap: tcp::Room::new(),
            http: [0; LEN],
        }
    }
}

impl<const LEN: usize> Default for HttpRoom<LEN> {
    fn default() -> Self {
        Self::new()
    }
}

/// Room for one connection of the portal.
pub type PortalRoom = HttpRoom<BUFFER_LEN>;

/// Room for one connection of the config server.
pub type ConfigRoom = HttpRoom<CONFIG_BUFFER_LEN>;

/// Room for the access point's name server.
pub type NamesRoom = udp::Room<{ dns::QUERY_MAX }, { dns::REPLY_MAX }>;

/// Room for the access point's DHCP server.
pub type LeasesRoom = udp::Room<{ dhcp::PACKET_MAX }, { dhcp::REPLY_MAX }>;

/// Room for multicast DNS on one side.
pub type MulticastRoom = udp::Room<{ mdns::QUERY_MAX }, { mdns::REPLY_MAX }>;

/// Room for one connection of WebREPL.
pub type WebReplRoom = HttpRoom<BUFFER_LEN>;

/// Room for the MQTT gateway: its one connection, and what goes over it.
#[derive(Debug)]
pub struct MqttRoom {
    pub(crate) tcp: tcp::Room<1>,
    pub(crate) mqtt: mqtt::Room,
}

impl MqttRoom {
    /// Empty.
    pub const fn new() -> Self {
        Self {
            tcp: tcp::Room::new(),
            mqtt: mqtt::Room::new(),
        }
    }
}

impl Default for MqttRoom {
    fn default() -> Self {
        Self::new()
    }
}

/// Room for the fleet's client: its one connection, and a whole heartbeat.
#[derive(Debug)]
pub struct FleetRoom {
    pub(crate) tcp: tcp::Room<1>,
    pub(crate) beat: [u8; fleet::BUFFER_LEN],
}

impl FleetRoom {
    /// Empty.
    pub const fn new() -> Self {
        Self {
            tcp: tcp::Room::new(),
            beat: [0; fleet::BUFFER_LEN],
        }
    }
}

impl Default for FleetRoom {
    fn default() -> Self {
        Self::new()
    }
}
