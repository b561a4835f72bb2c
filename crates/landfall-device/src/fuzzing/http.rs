//! Anything as the bytes of a connection to the portal and to the config server.

use core::cell::Cell;
use core::convert::Infallible;
use core::net::{IpAddr, Ipv4Addr};
use std::string::String;
use std::sync::LazyLock;
use std::vec::Vec;

use edge_nal::{Close, TcpShutdown};
use embassy_futures::block_on;
use embedded_io_async::{ErrorType, Read, Write};
use landfall_core::command::{Command, PortalUse, Reply};
use landfall_core::config::{
    ConfigRef, Defaults, Identity, KnownNetwork, Secret, Security, Services, Wifi, parse_strict,
};
use landfall_core::event::Record;
use landfall_core::manager::{Boot, Manager};
use landfall_core::net::{Mac, Passphrase, Ssid};
use landfall_core::status::Status;
use landfall_core::time::Instant;

use crate::http::{
    BUFFER_LEN, CONFIG_BUFFER_LEN, Device, Door, Server, Service, Shared, Side, Timer, Unsaved,
    View,
};

/// The key of the known network. It must be sent nowhere.
const KEY: &str = "kept-from-everybody";
const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 4, 2));
/// What a client reads before it stops: an event stream would go on for ever.
const TAKES: usize = 64 * 1024;
/// What every answer begins with.
const BEGIN: &[u8] = b"HTTP/1.1 ";

/// At both servers, on both sides, in one segment and in many: what is answered is answered in HTTP, no more commands
/// reach the machine than requests were granted, and the key of a network reaches nobody. Of
/// the request nothing stays behind in memory.
pub fn http_request(bytes: &[u8]) {
    for side in [Side::Ap, Side::Station] {
        for segment in [bytes.len().max(1), 7] {
            exchange::<BUFFER_LEN>(bytes, segment, side, Service::Portal);
            exchange::<CONFIG_BUFFER_LEN>(bytes, segment, side, Service::Config);
        }
    }
}

fn exchange<const LEN: usize>(bytes: &[u8], segment: usize, side: Side, service: Service) {
    let portal = Portal::new();
    let shared = Shared::new(1);
    let server = Server {
        device: &portal,
        timer: &Impatient,
        shared: &shared,
        door: Door {
            service,
            side,
            port: service.port(),
            loopback: false,
        },
    };
    let mut buffer = [0; LEN];
    let mut client = Client {
        says: bytes,
        segment,
        heard: Vec::new(),
    };
    block_on(server.connection(&mut client, PEER, &mut buffer));
    assert!(
        buffer.iter().all(|byte| *byte == 0),
        "the buffer may hold a secret"
    );
    let Client { heard, .. } = client;
    assert!(heard.is_empty() || heard.starts_with(BEGIN));
    let granted = count(&heard, b"HTTP/1.1 2") + count(&heard, b"HTTP/1.1 3");
    assert!(
        portal.commands.get() <= granted,
        "a refused request changes nothing"
    );
    let told = count(bytes, KEY.as_bytes()) > 0;
    assert!(
        told || count(&heard, KEY.as_bytes()) == 0,
        "{}",
        String::from_utf8_lossy(&heard)
    );
}

fn count(text: &[u8], what: &[u8]) -> usize {
    text.windows(what.len())
        .filter(|window| *window == what)
        .count()
}

/// A device that grants every command, and counts them.
struct Portal {
    manager: Manager,
    services: Services,
    status: Status,
    commands: Cell<usize>,
}

impl Portal {
    fn new() -> Self {
        static IDENTITY: LazyLock<Identity> = LazyLock::new(|| Identity {
            mac: Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]),
            // Whoever came in by the access point may know this one.
            ap_secret: key("ABCDEFGHJKLM"),
            ap_prefix: "Landfall-".try_into().unwrap_or_default(),
        });
        let mut wifi = Wifi::default();
        let home = Ssid::new(b"HomeNetwork").unwrap_or_else(|_| unreachable!("a name"));
        // One fits in sixteen.
        let _ = wifi
            .networks
            .push(KnownNetwork::new(home, Security::Personal(key(KEY))));
        let manager = Manager::new(Boot::new(wifi, &IDENTITY));
        Self {
            status: Status {
                station_ip: Some(Ipv4Addr::new(10, 0, 0, 2)),
                ap_up: true,
                ..manager.status()
            },
            manager,
            services: Services {
                config_server_enabled: true,
                config_server_password: Secret::new("password"),
                ..Services::default()
            },
            commands: Cell::new(0),
        }
    }
}

fn key(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes()).unwrap_or_else(|_| unreachable!("8 to 63 characters"))
}

impl Device for Portal {
    fn with_view<R>(&self, read: impl FnOnce(&View<'_>) -> R) -> R {
        read(&View {
            status: &self.status,
            wifi: self.manager.wifi(),
            services: &self.services,
            identity: self.manager.identity(),
            scan_rows: self.manager.scan_rows(),
            scan_age_ms: None,
            clients: &[],
            session: None,
            now: Instant::from_ms(12_345),
            busy: false,
            proving: false,
            probe_succeeds: false,
            unpublished_lost: None,
        })
    }

    async fn submit(&self, _: Command) -> Reply {
        self.commands.set(self.commands.get() + 1);
        Reply::Done
    }

    fn portal_use(&self, _: PortalUse) {}

    fn confirm_config(&self) {}

    async fn put_config(&self, document: &[u8]) -> Result<(), Unsaved> {
        let current = ConfigRef {
            wifi: self.manager.wifi(),
            services: &self.services,
        };
        let parsed = parse_strict(document, current, &Defaults::default());
        parsed.map_err(Unsaved::Invalid)?;
        self.commands.set(self.commands.get() + 1);
        Ok(())
    }

    async fn next_event(&self, _: u32) -> Record {
        core::future::pending().await
    }
}

/// Runs out as soon as it is looked at: what could be done without waiting is done by then.
struct Impatient;

impl Timer for Impatient {
    async fn sleep_ms(&self, _: u32) {}
}

/// Says what it has in segments of that length, then stalls.
struct Client<'a> {
    says: &'a [u8],
    segment: usize,
    heard: Vec<u8>,
}

impl ErrorType for Client<'_> {
    type Error = Infallible;
}

impl Read for Client<'_> {
    async fn read(&mut self, room: &mut [u8]) -> Result<usize, Infallible> {
        let len = self.says.len().min(self.segment).min(room.len());
        if len == 0 {
            return core::future::pending().await;
        }
        let (now, later) = self.says.split_at(len);
        room[..len].copy_from_slice(now);
        self.says = later;
        Ok(len)
    }
}

impl Write for Client<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        let len = bytes.len().min(TAKES - self.heard.len());
        if len == 0 && !bytes.is_empty() {
            return core::future::pending().await;
        }
        self.heard.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl TcpShutdown for Client<'_> {
    async fn close(&mut self, _: Close) -> Result<(), Infallible> {
        Ok(())
    }

    async fn abort(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
