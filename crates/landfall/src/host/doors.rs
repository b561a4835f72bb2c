//! The doors of a simulated device: open while the side they are on is up.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use async_io::{Async, Timer};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use futures_lite::future;
use landfall_core::button::Button;
use landfall_device::doors::{self, On};
use landfall_device::host::{HostDial, buffers};
use landfall_device::http::{STREAMS_ON_HOST, Shared as HttpShared, Side};
use landfall_device::mqtt::{self, Gateway};
use landfall_device::runtime::{Clock, Device, Wifi, print_out, type_in};
use landfall_device::{dns, http, webrepl};

use super::{DeviceClock, Port, Pty};

/// Connections that a side serves at one time: the event streams, and as many others.
const CONNECTIONS: usize = 2 * STREAMS_ON_HOST as usize;
/// Connections that the config server serves at one time.
const CONFIG_CONNECTIONS: usize = 8;

/// The ports of a device, in the order of `--port-base`.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) ap: Port,
    pub(super) sta: Port,
    pub(super) config: Port,
    pub(super) webrepl: Port,
    dns: Async<UdpSocket>,
    dns_number: u16,
}

impl Ports {
    /// Takes the ports from that number on, or free ones.
    pub(super) fn reserve(base: Option<u16>) -> io::Result<Self> {
        let number = |door: u16| match base {
            Some(base) => base.checked_add(door).ok_or(io::ErrorKind::InvalidInput),
            None => Ok(0),
        };
        let dns = Async::<UdpSocket>::bind((Ipv4Addr::LOCALHOST, number(4)?))?;
        Ok(Self {
            ap: Port::reserve(number(0)?)?,
            sta: Port::reserve(number(1)?)?,
            config: Port::reserve(number(2)?)?,
            webrepl: Port::reserve(number(3)?)?,
            dns_number: dns.get_ref().local_addr()?.port(),
            dns,
        })
    }

    pub(super) fn dns_number(&self) -> u16 {
        self.dns_number
    }
}

/// Everything of a device that people reach.
pub(super) struct Doors {
    wifi: Wifi<DeviceClock>,
    ports: Ports,
    pty: Pty,
    http: HttpShared,
    webrepl: Box<webrepl::Shared>,
    button: Arc<Holds>,
}

/// For how long the button is held, in milliseconds of the device's time.
pub(super) type Holds = Signal<CriticalSectionRawMutex, u32>;

/// Time on the wall clock.
pub(super) struct WallClock;

impl http::Timer for WallClock {
    async fn sleep_ms(&self, ms: u32) {
        Timer::after(Duration::from_millis(u64::from(ms))).await;
    }
}

impl Doors {
    pub(super) fn new(wifi: Wifi<DeviceClock>, ports: Ports, pty: Pty, button: Arc<Holds>) -> Self {
        Self {
            wifi,
            ports,
            pty,
            http: HttpShared::new(STREAMS_ON_HOST),
            webrepl: Box::default(),
            button,
        }
    }

    /// Serves all of them; ends where the serial port fails.
    pub(super) async fn serve(&self) -> io::Error {
        let doors = doors::Doors {
            wifi: self.wifi,
            timer: &WallClock,
            http: &self.http,
        };
        let ports = &self.ports;
        let (mut at_ap, mut at_sta) = (buffers::<CONNECTIONS, _>(), buffers::<CONNECTIONS, _>());
        let mut at_config = buffers::<CONFIG_CONNECTIONS, _>();
        let mut at_webrepl = buffers::<{ webrepl::CONNECTIONS_MIN }, _>();
        // Each in a box of its own: together they are more than a thread's stack likes to move.
        let ap = Box::pin(doors.portal(Side::Ap, &ports.ap, &mut at_ap));
        let sta = Box::pin(doors.portal(Side::Station, &ports.sta, &mut at_sta));
        let config = Box::pin(doors.config_on_loopback(&ports.config, &mut at_config));
        let web_repl =
            Box::pin(doors.web_repl(On::Both, &ports.webrepl, &self.webrepl, &mut at_webrepl));
        let gateway = Gateway::new(self.wifi, HostDial::new(self.wifi), mqtt::log);
        let mut at_broker = Box::<mqtt::Room>::default();
        let gateway = Box::pin(gateway.run(&mut at_broker));
        let rest = async {
            let sides = future::or(future::or(sta, ap), config);
            let others = future::or(web_repl, future::or(self.names(), self.buttons()));
            match future::or(gateway, future::or(sides, others)).await {}
        };
        // In this order: who reads on the serial port that a side is up finds its door open.
        future::or(rest, self.serial()).await
    }

    /// Between the serial port and the console and Improv, until the port fails.
    async fn serial(&self) -> io::Error {
        let shared = self.wifi.shared();
        let typed = async {
            match type_in(shared, PORT, &self.pty, &WallClock).await {
                // A pseudo-terminal whose slave end is held open has no end.
                Ok(()) => io::ErrorKind::UnexpectedEof.into(),
                Err(error) => error,
            }
        };
        let pumped = async {
            match self.pty.pump().await {
                Ok(never) => match never {},
                Err(error) => error,
            }
        };
        let printed = print_out(shared, PORT, &self.pty);
        future::or(typed, future::or(printed, pumped)).await
    }

    /// The access point's name server, while that is up.
    async fn names(&self) -> Infallible {
        loop {
            let is_up = |device: &Device| device.manager().status().ap_up;
            future::or(self.until(is_up), self.ignore_names()).await;
            let down = self.until(|device| !is_up(device));
            future::or(down, self.answer_names()).await;
        }
    }

    async fn answer_names(&self) {
        let mut query = [0; dns::QUERY_MAX];
        let mut reply = [0; dns::REPLY_MAX];
        loop {
            let Ok((len, from)) = self.ports.dns.recv_from(&mut query).await else {
                continue;
            };
            let address = self.wifi.status().ap_ip;
            if let Some(len) = dns::reply(&query[..len], address, &mut reply) {
                // The client asks again when its answer got lost.
                let _ = self.ports.dns.send_to(&reply[..len], from).await;
            }
        }
    }

    /// What was asked while nobody was there is not answered later.
    async fn ignore_names(&self) {
        loop {
            let _: io::Result<(usize, SocketAddr)> = self.ports.dns.recv_from(&mut [0; 1]).await;
        }
    }

    /// Waits until the device is as it should be.
    fn until(&self, so: impl Fn(&Device) -> bool) -> impl Future<Output = ()> {
        let shared = self.wifi.shared();
        shared.wait_for(move |device| so(device).then_some(()))
    }

    /// The button, as often as somebody holds it.
    async fn buttons(&self) -> Infallible {
        let shared = self.wifi.shared();
        let clock = shared.clock();
        loop {
            let ms = self.button.wait().await;
            let mut button = Button::new();
            let pressed = clock.now();
            let release = pressed.plus_ms(ms);
            button.handle(true, pressed);
            let told = button.poll_timeout().filter(|due| *due <= release);
            if let Some(due) = told {
                clock.sleep_until(due).await;
                if button.handle_timeout(clock.now()).is_some() {
                    shared.with(Device::long_press);
                }
            }
            clock.sleep_until(release).await;
        }
    }
}

/// The one serial port of a simulated device, and the console there.
const PORT: u8 = 0;
