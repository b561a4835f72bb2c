//! One port on both sides: who comes next on either is served from the same buffer, and as one of
//! the side he came from. What a request may do depends on that side (`Host`, rights).

use core::convert::Infallible;
use core::net::SocketAddr;

use edge_nal::TcpAccept;
use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::RawMutex;
use landfall_device::http::{Server, Timer};
use landfall_device::runtime::Wifi;

use crate::EmbassyClock;
use crate::tcp::{Connection, Listener, TcpError};

/// Time before an accept is tried again that failed, in milliseconds.
const ACCEPT_RETRY_MS: u32 = 100;

/// The station's port and the access point's.
#[derive(Clone, Copy)]
pub(crate) struct Both<'s, 'd, const N: usize>(
    pub(crate) Listener<'s, 'd, N>,
    pub(crate) Listener<'s, 'd, N>,
);

/// Serves one connection after the other, from either side.
pub(crate) async fn work<M: RawMutex, const N: usize>(
    on_station: &Server<'_, Wifi<EmbassyClock, M>, EmbassyClock>,
    on_ap: &Server<'_, Wifi<EmbassyClock, M>, EmbassyClock>,
    port: Both<'_, '_, N>,
    buffer: &mut [u8],
) -> Infallible {
    loop {
        let (server, accepted) = match select(port.0.accept(), port.1.accept()).await {
            Either::First(accepted) => (on_station, accepted),
            Either::Second(accepted) => (on_ap, accepted),
        };
        match accepted {
            Ok((peer, mut io)) => server.connection(&mut io, peer.ip(), buffer).await,
            Err(_) => EmbassyClock.sleep_ms(ACCEPT_RETRY_MS).await,
        }
    }
}

/// For servers to whom the side means nothing.
impl<'d, const N: usize> TcpAccept for Both<'_, 'd, N> {
    type Error = TcpError;
    type Socket<'a>
        = Connection<'a, 'd>
    where
        Self: 'a;

    async fn accept(&self) -> Result<(SocketAddr, Connection<'_, 'd>), TcpError> {
        match select(self.0.accept(), self.1.accept()).await {
            Either::First(accepted) | Either::Second(accepted) => accepted,
        }
    }
}
