//! Drives the client of one link.

use std::io;

use futures_lite::future;
use landfall_core::net::{Hostname, Mac};
use landfall_device::host::HostClock;
use landfall_device::runtime::Clock;

use super::client::Sent;
use super::frame::{self, Way};
use super::{Client, FRAME_MAX, News, PacketSocket};

/// A client with its socket. It ends with the link: drop it.
pub struct Lessee {
    client: Client,
    socket: PacketSocket,
    clock: &'static HostClock,
    ours: Mac,
    /// Where the server's last packet came from: itself, or the router before it.
    server: Option<Mac>,
}

impl Lessee {
    /// Begins on the interface of that name. `wish` is the address it had on that network last.
    ///
    /// # Errors
    /// There is no packet socket, or no randomness.
    pub fn begin(
        interface: &str,
        ours: Mac,
        hostname: Hostname,
        wish: Option<std::net::Ipv4Addr>,
        clock: &'static HostClock,
    ) -> io::Result<Self> {
        let socket = PacketSocket::open(interface)?;
        let mut transaction = [0; 4];
        getrandom::fill(&mut transaction).map_err(io::Error::other)?;
        let transaction = u32::from_ne_bytes(transaction);
        Ok(Self {
            client: Client::new(ours, hostname, wish, transaction, clock.now()),
            socket,
            clock,
            ours,
            server: None,
        })
    }

    /// The next news. Dropped while it waits, it loses a packet at most, and that is said again.
    ///
    /// # Errors
    /// The interface went down, or is gone.
    pub async fn next(&mut self) -> io::Result<News> {
        let mut buffer = [0; FRAME_MAX];
        loop {
            let due = async {
                self.clock.sleep_until(self.client.poll_timeout()).await;
                Ok(None)
            };
            let heard = async { self.socket.receive(&mut buffer).await.map(Some) };
            let news = match future::or(heard, due).await? {
                Some(bytes) => self.take(bytes),
                None => {
                    let (news, sent) = self.client.handle_timeout(self.clock.now());
                    if let Some(sent) = sent {
                        self.send(&sent).await?;
                    }
                    news
                }
            };
            if let Some(news) = news {
                return Ok(news);
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Option<News> {
        let (sender, packet) = frame::parse(bytes)?;
        let news = self.client.handle(packet, self.clock.now())?;
        self.server = Some(sender);
        Some(news)
    }

    async fn send(&self, sent: &Sent) -> io::Result<()> {
        let way = match (sent.to, self.server) {
            (Some((from, to)), Some(mac)) => Way { from, to, mac },
            (Some((from, _)), None) => Way {
                from,
                ..Way::BROADCAST
            },
            (None, _) => Way::BROADCAST,
        };
        let frame = frame::emit(self.ours, way, &sent.packet);
        match self.socket.send(&frame).await {
            // A full queue loses it as the air would.
            Err(error) if error.raw_os_error() == Some(NO_BUFFERS) => Ok(()),
            sent => sent,
        }
    }
}

/// `ENOBUFS`.
const NO_BUFFERS: i32 = 105;
