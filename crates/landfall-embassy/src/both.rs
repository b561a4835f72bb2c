//! One port on both sides, for servers to whom the side means nothing: who comes next on either is
//! served.

use core::net::SocketAddr;

use edge_nal::TcpAccept;
use embassy_futures::select::{Either, select};

use crate::tcp::{Connection, Listener, TcpError};

/// The station's port and the access point's.
#[derive(Clone, Copy)]
pub(crate) struct Both<'s, 'd, const N: usize>(
    pub(crate) Listener<'s, 'd, N>,
    pub(crate) Listener<'s, 'd, N>,
);

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
