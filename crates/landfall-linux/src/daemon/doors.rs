//! The doors of the daemon: at the ports that everybody expects, each side at its own interface.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddrV4};

use futures_lite::future;
use landfall_device::doors::{self, On};
use landfall_device::host::{HostClock, HostDial, bind_mdns, buffers};
use landfall_device::http::{STREAMS_ON_HOST, Service, Shared as HttpShared, Side};
use landfall_device::mqtt::{self, Gateway};
use landfall_device::runtime::{Wifi, print_out, type_in};
use landfall_device::{dhcp, dns, mdns, webrepl};

use super::life::PORT;
use crate::console::ConsoleSocket;
use crate::sockets::{self, Port};

/// Connections that a side serves at one time: the event streams, and as many others.
const CONNECTIONS: usize = 2 * STREAMS_ON_HOST as usize;
/// Connections that the config server serves at one time on a side.
const CONFIG_CONNECTIONS: usize = 4;

/// Everything of the device that people reach.
pub(super) struct Doors {
    wifi: Wifi<&'static HostClock>,
    sides: [Ports; 2],
    console: ConsoleSocket,
    http: HttpShared,
    webrepl: Box<webrepl::Shared>,
}

/// The doors of one side.
struct Ports {
    side: Side,
    interface: String,
    portal: Port,
    config: Port,
    webrepl: Port,
}

impl Ports {
    fn new(side: Side, interface: &str) -> Self {
        Self {
            side,
            interface: interface.to_owned(),
            portal: Port::new(interface, Service::Portal.port()),
            config: Port::new(interface, Service::Config.port()),
            webrepl: Port::new(interface, webrepl::PORT),
        }
    }
}

impl Doors {
    pub(super) fn new(
        wifi: Wifi<&'static HostClock>,
        interface: &str,
        ap_interface: &str,
        console: ConsoleSocket,
    ) -> Self {
        Self {
            wifi,
            sides: [
                Ports::new(Side::Ap, ap_interface),
                Ports::new(Side::Station, interface),
            ],
            console,
            http: HttpShared::new(STREAMS_ON_HOST),
            webrepl: Box::default(),
        }
    }

    pub(super) fn console(&self) -> &ConsoleSocket {
        &self.console
    }

    /// Serves all of them.
    pub(super) async fn serve(&self) -> Infallible {
        let [ap, station] = &self.sides;
        let gateway = Gateway::new(self.wifi, HostDial::new(self.wifi), mqtt::log);
        let mut at_broker = Box::<mqtt::Room>::default();
        let gateway = Box::pin(gateway.run(&mut at_broker));
        let sides = future::or(Box::pin(self.side(ap)), Box::pin(self.side(station)));
        let names = future::or(self.names(ap), self.addresses(ap));
        future::or(
            gateway,
            future::or(sides, future::or(Box::pin(names), self.serial())),
        )
        .await
    }

    fn doors(&self) -> doors::Doors<'_, HostClock, &'static HostClock> {
        doors::Doors {
            wifi: self.wifi,
            timer: self.wifi.shared().clock(),
            http: &self.http,
        }
    }

    /// What both sides have.
    async fn side(&self, ports: &Ports) -> Infallible {
        let doors = self.doors();
        let on = On::Side(ports.side);
        let mut at_portal = buffers::<CONNECTIONS, _>();
        let mut at_config = buffers::<CONFIG_CONNECTIONS, _>();
        let mut at_webrepl = buffers::<{ webrepl::CONNECTIONS_MIN }, _>();
        let portal = Box::pin(doors.portal(ports.side, &ports.portal, &mut at_portal));
        let config = Box::pin(doors.config(ports.side, &ports.config, &mut at_config));
        let web_repl = Box::pin(doors.web_repl(on, &ports.webrepl, &self.webrepl, &mut at_webrepl));
        let name = Box::pin(mdns::serve(self.wifi, ports.side, async |address| {
            bind_mdns(address)
        }));
        future::or(future::or(portal, config), future::or(web_repl, name)).await
    }

    /// The access point's name server.
    async fn names(&self, ap: &Ports) -> Infallible {
        let bind = async |address: Ipv4Addr| {
            let local = SocketAddrV4::new(address, dns::PORT);
            sockets::bind_udp(&ap.interface, local)
        };
        self.doors().names(bind).await
    }

    /// The access point's DHCP server.
    async fn addresses(&self, ap: &Ports) -> Infallible {
        let bind = async |_: Ipv4Addr| {
            // Who has no address yet speaks to everybody.
            let local = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, dhcp::SERVER_PORT);
            sockets::bind_udp(&ap.interface, local)
        };
        self.doors().addresses(bind).await
    }

    /// Between the console's socket and the console and Improv.
    async fn serial(&self) -> Infallible {
        let shared = self.wifi.shared();
        let typed = async {
            // A socket that anybody may connect to has no end.
            let _ = type_in(shared, PORT, &self.console, *shared.clock()).await;
            future::pending().await
        };
        let printed = async {
            print_out(shared, PORT, &self.console).await;
            future::pending().await
        };
        future::or(typed, printed).await
    }
}
