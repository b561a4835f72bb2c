//! The doors of a device that people reach over sockets: each is open while the side it is on is up
//! and the configuration wants it, and closed otherwise.
//!
//! How a door is opened is the adapter's: a [`Doorway`] for connections, a function that binds for
//! datagrams. Multicast DNS is served likewise by [`mdns::serve`](crate::mdns::serve), MQTT by
//! [`mqtt::Gateway`](crate::mqtt::Gateway), the fleet by [`fleet::Client`](crate::fleet::Client).

use core::convert::Infallible;
use core::fmt::Display;
use core::net::Ipv4Addr;

use edge_nal::{TcpAccept, UdpReceive, UdpSend};
use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, RawMutex};
use landfall_core::net::Ipv4Net;
use landfall_core::status::Status;

use crate::http::{self, Door, Server, Service, Side, Timer, serve_either};
use crate::runtime::{Clock, Device, Wifi};
use crate::{dhcp, dns, webrepl};

/// How soon a door is tried again that could not be opened, in milliseconds.
const OPEN_RETRY_MS: u32 = 500;

/// Where connections come in, while it is open.
pub trait Doorway {
    /// Why it could not be opened.
    type Error: Display;
    /// What takes connections until it is dropped.
    type Acceptor<'a>: TcpAccept
    where
        Self: 'a;

    /// Whether `127.0.0.1:<port>` stands for the device's address: so in the simulator alone.
    const IS_LOOPBACK: bool = false;

    /// The port that it listens on while it is open.
    fn port(&self) -> u16;

    /// Lets connections in.
    fn open(&self) -> impl Future<Output = Result<Self::Acceptor<'_>, Self::Error>>;
}

/// The side that a doorway is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// One of them.
    Side(Side),
    /// Both at once: so where they share one address.
    Both,
}

impl On {
    fn is_up(self, status: &Status) -> bool {
        match self {
            Self::Side(Side::Ap) => status.ap_up,
            Self::Side(Side::Station) => status.station_ip.is_some(),
            Self::Both => status.ap_up || status.station_ip.is_some(),
        }
    }

    /// The side that a request is taken to come from until it is looked at.
    fn side(self) -> Side {
        match self {
            Self::Side(side) => side,
            Self::Both => Side::Ap,
        }
    }
}

/// The doors of one device.
pub struct Doors<'a, T, C: 'static, M: RawMutex + 'static = CriticalSectionRawMutex> {
    /// The device.
    pub wifi: Wifi<C, M>,
    /// Time on the wall clock.
    pub timer: &'a T,
    /// What the HTTP servers have in common.
    pub http: &'a http::Shared,
}

impl<T, C, M: RawMutex> Clone for Doors<'_, T, C, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, C, M: RawMutex> Copy for Doors<'_, T, C, M> {}

impl<T: Timer, C: Clock, M: RawMutex> Doors<'_, T, C, M> {
    /// The portal and its API on one side, while that is up. As many connections are served at one
    /// time as there are buffers; see [`Server::serve`].
    pub async fn portal<const N: usize>(
        self,
        side: Side,
        doorway: &impl Doorway,
        buffers: &mut [http::Buffer; N],
    ) -> Infallible {
        let on = On::Side(side);
        let so = move |device: &Device| on.is_up(&device.manager().status());
        self.http(Service::Portal, on, doorway, so, buffers).await
    }

    /// The config server on one side, while the configuration wants it and that side is up.
    pub async fn config<const N: usize>(
        self,
        side: Side,
        doorway: &impl Doorway,
        buffers: &mut [[u8; http::CONFIG_BUFFER_LEN]; N],
    ) -> Infallible {
        self.config_on(On::Side(side), doorway, buffers).await
    }

    /// The same on both sides at once, where the device has no addresses of its own: elsewhere what a
    /// request may do depends on the side it came from, which one socket cannot tell.
    pub async fn config_on_loopback<D: Doorway, const N: usize>(
        self,
        doorway: &D,
        buffers: &mut [[u8; http::CONFIG_BUFFER_LEN]; N],
    ) -> Infallible {
        const { assert!(D::IS_LOOPBACK, "each side has a socket of its own") };
        self.config_on(On::Both, doorway, buffers).await
    }

    async fn config_on<const N: usize>(
        self,
        on: On,
        doorway: &impl Doorway,
        buffers: &mut [[u8; http::CONFIG_BUFFER_LEN]; N],
    ) -> Infallible {
        let so = move |device: &Device| config_runs(on, device);
        let serving = self.http(Service::Config, on, doorway, so, buffers);
        let lacks_password = move |device: &Device| {
            let services = &device.services;
            let enabled = services.config_server_enabled && on.is_up(&device.manager().status());
            enabled && !services.config_server_runs()
        };
        let telling = self.tell_while(
            lacks_password,
            "config server: enabled without a password, so it does not start",
        );
        match select(serving, telling).await {
            Either::First(never) | Either::Second(never) => match never {},
        }
    }

    async fn http<D: Doorway, const N: usize, const LEN: usize>(
        self,
        service: Service,
        on: On,
        doorway: &D,
        so: impl Fn(&Device) -> bool,
        buffers: &mut [[u8; LEN]; N],
    ) -> Infallible {
        let server = Server {
            device: &self.wifi,
            timer: self.timer,
            shared: self.http,
            door: Door {
                service,
                side: on.side(),
                port: doorway.port(),
                loopback: D::IS_LOOPBACK,
            },
        };
        self.open_while(doorway, so, async |acceptor| {
            server.serve(acceptor, buffers).await
        })
        .await
    }

    /// WebREPL, while the configuration wants it on what the device is on and its side is up. What
    /// outlives its runs is the same for all sides.
    pub async fn web_repl<const N: usize>(
        self,
        on: On,
        doorway: &impl Doorway,
        shared: &webrepl::Shared,
        buffers: &mut [http::Buffer; N],
    ) -> Infallible {
        let server = self.web_repl_server(shared);
        let so = move |device: &Device| web_repl_runs(on, device);
        let serving = self.open_while(doorway, so, async |acceptor| {
            server.serve(acceptor, buffers).await
        });
        let lacks_password = move |device: &Device| {
            let status = device.manager().status();
            let wanted = webrepl::is_wanted(&status, device.manager().wifi());
            on.is_up(&status) && wanted && device.services.webrepl_secret().is_none()
        };
        let telling = self.tell_while(
            lacks_password,
            "webrepl: neither it nor the config server has a password, so it does not start",
        );
        match select(serving, telling).await {
            Either::First(never) | Either::Second(never) => match never {},
        }
    }

    /// Tells each time that the device comes to be so.
    async fn tell_while(self, so: impl Fn(&Device) -> bool, warning: &str) -> Infallible {
        loop {
            self.until(&so).await;
            log::warn!("{warning}");
            self.until(|device| !so(device)).await;
        }
    }

    /// One connection of WebREPL after the other, while the configuration wants it: one of at least
    /// [`webrepl::CONNECTIONS_MIN`] that do so at a time, for a chip, whose tasks are many and small.
    pub async fn web_repl_worker<A: TcpAccept>(
        self,
        acceptor: &A,
        shared: &webrepl::Shared,
        buffer: &mut http::Buffer,
    ) -> Infallible {
        let server = self.web_repl_server(shared);
        let runs = |device: &Device| web_repl_runs(On::Both, device);
        loop {
            self.until(runs).await;
            match select(
                server.work(acceptor, buffer),
                self.until(|device| !runs(device)),
            )
            .await
            {
                Either::First(never) => match never {},
                Either::Second(()) => {}
            }
        }
    }

    fn web_repl_server<'s>(
        &'s self,
        shared: &'s webrepl::Shared,
    ) -> webrepl::Server<'s, Wifi<C, M>, T> {
        webrepl::Server {
            device: &self.wifi,
            timer: self.timer,
            shared,
        }
    }

    /// Serves there while the device is so.
    async fn open_while<D: Doorway>(
        self,
        doorway: &D,
        so: impl Fn(&Device) -> bool,
        mut serve: impl AsyncFnMut(&D::Acceptor<'_>) -> Infallible,
    ) -> Infallible {
        loop {
            self.until(&so).await;
            match doorway.open().await {
                Ok(acceptor) => {
                    match select(serve(&acceptor), self.until(|device| !so(device))).await {
                        Either::First(never) => match never {},
                        Either::Second(()) => {}
                    }
                }
                Err(error) => self.put_off("port", doorway.port(), error).await,
            }
        }
    }

    /// Captive DNS on the access point, while that is up. `bind` gives a socket on [`dns::PORT`]
    /// there.
    pub async fn names<S: UdpReceive + UdpSend, E: Display>(
        self,
        bind: impl AsyncFn(Ipv4Addr) -> Result<S, E>,
    ) -> Infallible {
        self.on_ap(async |ap: Ipv4Net| -> Result<_, E> {
            let mut socket = bind(ap.addr).await?;
            Ok(dns::run(&mut socket, ap.addr).await)
        })
        .await
    }

    /// DHCP on the access point, while that is up. `bind` gives a socket on [`dhcp::SERVER_PORT`]
    /// there that may broadcast. Leases outlive the access point as long as its address stays.
    pub async fn addresses<S: UdpReceive + UdpSend, E: Display>(
        self,
        bind: impl AsyncFn(Ipv4Addr) -> Result<S, E>,
    ) -> Infallible {
        let mut kept: Option<dhcp::Server> = None;
        let now = || self.wifi.shared().clock().now();
        self.on_ap(async |ap: Ipv4Net| -> Result<_, E> {
            let server = match &mut kept {
                Some(server) if server.net() == ap => server,
                stale => stale.insert(dhcp::Server::new(ap)),
            };
            let mut socket = bind(ap.addr).await?;
            let lent = |mac, address| {
                let noted = |device: &mut Device| device.fleet.lodges(mac, address);
                self.wifi.shared().look(noted);
            };
            Ok(dhcp::run(&mut socket, server, now, lent).await)
        })
        .await
    }

    /// Serves datagrams on the access point while that is up with one address.
    async fn on_ap<Dead, E: Display>(
        self,
        mut serve: impl AsyncFnMut(Ipv4Net) -> Result<Dead, E>,
    ) -> Infallible {
        let shared = self.wifi.shared();
        loop {
            let ap = shared.wait_for(|device| ap_of(device)).await;
            let gone = shared.wait_for(|device| (ap_of(device) != Some(ap)).then_some(()));
            match select(serve(ap), gone).await {
                Either::First(Ok(_dead)) => self.timer.sleep_ms(OPEN_RETRY_MS).await,
                Either::First(Err(error)) => self.put_off("access point", 0, error).await,
                Either::Second(()) => {}
            }
        }
    }

    async fn put_off(&self, what: &str, port: u16, error: impl Display) {
        log::warn!("{what} {port}: {error}");
        self.timer.sleep_ms(OPEN_RETRY_MS).await;
    }

    /// The portal and its API, one connection after the other, from whichever side the next one comes. For
    /// a chip, which has no room for a buffer of each side; one that is down has no address, and nobody
    /// gets there.
    pub fn portal_on_either<A: TcpAccept>(
        self,
        station: &A,
        ap: &A,
        buffer: &mut http::Buffer,
    ) -> impl Future<Output = Infallible> {
        self.on_either(Service::Portal, station, ap, buffer)
    }

    /// The config server likewise, while the configuration wants it.
    pub async fn config_on_either<A: TcpAccept>(
        self,
        station: &A,
        ap: &A,
        buffer: &mut [u8; http::CONFIG_BUFFER_LEN],
    ) -> Infallible {
        let runs = |device: &Device| config_runs(On::Both, device);
        loop {
            self.until(runs).await;
            let served = self.on_either(Service::Config, station, ap, buffer);
            match select(served, self.until(|device| !runs(device))).await {
                Either::First(never) => match never {},
                Either::Second(()) => {}
            }
        }
    }

    async fn on_either<A: TcpAccept>(
        self,
        service: Service,
        station: &A,
        ap: &A,
        buffer: &mut [u8],
    ) -> Infallible {
        let of = |side| Server {
            device: &self.wifi,
            timer: self.timer,
            shared: self.http,
            door: Door {
                service,
                side,
                port: service.port(),
                loopback: false,
            },
        };
        serve_either((&of(Side::Station), station), (&of(Side::Ap), ap), buffer).await
    }

    /// Waits until the device is so.
    fn until(&self, so: impl Fn(&Device) -> bool) -> impl Future<Output = ()> {
        let shared = self.wifi.shared();
        shared.wait_for(move |device| so(device).then_some(()))
    }
}

/// Whether the configuration wants the config server, and somebody can get there.
pub fn config_runs(on: On, device: &Device) -> bool {
    on.is_up(&device.manager().status()) && device.services.config_server_runs()
}

/// Whether the configuration wants WebREPL on what the device is on, and somebody can get there.
fn web_repl_runs(on: On, device: &Device) -> bool {
    let (status, wifi) = (device.manager().status(), device.manager().wifi());
    on.is_up(&status) && webrepl::runs(&status, wifi, &device.services)
}

/// The access point's network; none while it is down.
fn ap_of(device: &Device) -> Option<Ipv4Net> {
    let manager = device.manager();
    let address = manager.ap_target().address;
    manager.status().ap_up.then_some(address)
}
