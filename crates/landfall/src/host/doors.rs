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
use landfall_core::command;
use landfall_core::status::Status;
use landfall_device::host::HostNet;
use landfall_device::http::{
    BUFFER_LEN, Buffer, CONFIG_BUFFER_LEN, Door, STREAMS_ON_HOST, Server, Service,
    Shared as HttpShared, Side,
};
use landfall_device::mqtt::{Gateway, News};
use landfall_device::runtime::{Clock, Device, Wifi, type_in};
use landfall_device::{dns, http, webrepl};

use super::{DeviceClock, Port, Pty};

/// Connections that a side serves at one time: the event streams, and as many others.
const CONNECTIONS: usize = 2 * STREAMS_ON_HOST as usize;
/// Connections that the config server serves at one time.
const CONFIG_CONNECTIONS: usize = 4;
/// Bytes printed on the serial port at once.
const PRINTED_MAX: usize = 256;
/// How soon a door is tried again that could not be opened.
const OPEN_RETRY: Duration = Duration::from_millis(500);

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
        let serial = async {
            let ended = future::or(self.type_in(), self.print()).await;
            match future::or(async { ended }, self.pump()).await {
                Ok(never) => match never {},
                Err(error) => error,
            }
        };
        // Each in a box of its own: together they are more than a thread's stack likes to move.
        let ap = Box::pin(self.side(Side::Ap, &self.ports.ap));
        let sta = Box::pin(self.side(Side::Station, &self.ports.sta));
        let config = Box::pin(self.config());
        let names = self.names();
        let rest = async {
            let sides = future::zip(future::zip(sta, ap), config);
            let others = future::zip(self.web_repl(), future::zip(names, self.buttons()));
            let doors = future::zip(sides, others);
            let gateway = Gateway::new(self.wifi, HostNet, log);
            let gateway = Box::pin(gateway.run());
            match future::or(gateway, async { doors.await.1.0 }).await {}
        };
        // In this order: who reads on the serial port that a side is up finds its door open.
        future::or(rest, serial).await
    }

    /// The portal on one side, while that side is up.
    async fn side(&self, side: Side, port: &Port) -> Infallible {
        let mut buffers = vec![[0; BUFFER_LEN]; CONNECTIONS].into_boxed_slice();
        // As many as were made.
        let Ok(buffers) = <&mut [Buffer; CONNECTIONS]>::try_from(&mut *buffers) else {
            return future::pending().await;
        };
        let server = self.server(Service::Portal, side, port);
        let up = move |device: &Device| is_up(side, &device.manager().status());
        self.open_while(port, up, &server, buffers).await
    }

    /// The config server, while the configuration wants it and a side is up.
    async fn config(&self) -> Infallible {
        let mut buffers = vec![[0; CONFIG_BUFFER_LEN]; CONFIG_CONNECTIONS].into_boxed_slice();
        // As many as were made.
        let Ok(buffers) =
            <&mut [[u8; CONFIG_BUFFER_LEN]; CONFIG_CONNECTIONS]>::try_from(&mut *buffers)
        else {
            return future::pending().await;
        };
        let port = &self.ports.config;
        // Which side a request comes from is seen when it comes.
        let server = self.server(Service::Config, Side::Ap, port);
        let wanted = |device: &Device| {
            let status = device.manager().status();
            let up = is_up(Side::Ap, &status) || is_up(Side::Station, &status);
            up && device.services.config_server_runs()
        };
        self.open_while(port, wanted, &server, buffers).await
    }

    fn server(
        &self,
        service: Service,
        side: Side,
        port: &Port,
    ) -> Server<'_, Wifi<DeviceClock>, WallClock> {
        Server {
            device: &self.wifi,
            timer: &WallClock,
            shared: &self.http,
            door: Door {
                service,
                side,
                port: port.number(),
                loopback: true,
            },
        }
    }

    /// Serves on that port while the device is so.
    async fn open_while<const N: usize, const LEN: usize>(
        &self,
        port: &Port,
        so: impl Fn(&Device) -> bool,
        server: &Server<'_, Wifi<DeviceClock>, WallClock>,
        buffers: &mut [[u8; LEN]; N],
    ) -> Infallible {
        loop {
            self.until(&so).await;
            match port.open() {
                Ok(open) => {
                    let serve = async { match server.serve(&open, buffers).await {} };
                    future::or(serve, self.until(|device| !so(device))).await;
                }
                Err(error) => {
                    tracing::warn!("port {}: {error}", port.number());
                    Timer::after(OPEN_RETRY).await;
                }
            }
        }
    }

    /// WebREPL, while the configuration wants it on what the device is on.
    async fn web_repl(&self) -> Infallible {
        let mut buffers = vec![[0; BUFFER_LEN]; webrepl::CONNECTIONS_MIN].into_boxed_slice();
        // As many as were made.
        let Ok(buffers) = <&mut [Buffer; webrepl::CONNECTIONS_MIN]>::try_from(&mut *buffers) else {
            return future::pending().await;
        };
        let port = &self.ports.webrepl;
        let server = webrepl::Server {
            device: &self.wifi,
            timer: &WallClock,
            shared: &self.webrepl,
        };
        loop {
            self.until_web_repl(true).await;
            match port.open() {
                Ok(open) => {
                    let serve = async { match server.serve(&open, buffers).await {} };
                    future::or(serve, self.until_web_repl(false)).await;
                }
                Err(error) => {
                    tracing::warn!("port {}: {error}", port.number());
                    Timer::after(OPEN_RETRY).await;
                }
            }
        }
    }

    /// Waits until WebREPL is to run, or not to.
    fn until_web_repl(&self, runs: bool) -> impl Future<Output = ()> {
        let so = move |device: &mut Device| {
            let status = device.manager().status();
            let wanted = webrepl::runs(&status, device.manager().wifi(), &device.services);
            (wanted == runs).then_some(())
        };
        self.wifi.shared().wait_for(so)
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

    /// From the serial port to the console and to Improv.
    async fn type_in(&self) -> io::Result<Infallible> {
        type_in(self.wifi.shared(), PORT, &self.pty, &WallClock).await?;
        // A pseudo-terminal whose slave end is held open has no end.
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    /// From the console to the serial port.
    async fn print(&self) -> io::Result<Infallible> {
        let mut buf = [0; PRINTED_MAX];
        loop {
            let shared = self.wifi.shared();
            let len = shared
                .wait_for(|device| Some(device.printed(SERIAL, &mut buf)).filter(|len| *len > 0))
                .await;
            self.pty.print(&buf[..len]);
            // There is room again.
            shared.with(|_| ());
        }
    }

    async fn pump(&self) -> io::Result<Infallible> {
        self.pty.pump().await
    }
}

/// The one serial port of a simulated device, and the console there.
const PORT: u8 = 0;
const SERIAL: command::Door = command::Door::Serial(PORT);
/// What is to be known of the MQTT gateway.
fn log(news: News) {
    match news {
        News::Connected => tracing::info!("mqtt: {news}"),
        News::Unspeakable(_) | News::Lost(_) | News::Refused(_) => tracing::warn!("mqtt: {news}"),
    }
}

fn is_up(side: Side, status: &Status) -> bool {
    match side {
        Side::Ap => status.ap_up,
        Side::Station => status.station_ip.is_some(),
    }
}
