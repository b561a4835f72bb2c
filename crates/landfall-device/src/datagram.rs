//! The loop that every datagram server shares: receive, ask the pure function, send.

use core::net::SocketAddr;

use edge_nal::{UdpReceive, UdpSend};

/// Failures to receive in a row after which a socket counts as dead. A datagram longer than the
/// buffer is one failure on some stacks, so a single one must not end the server.
pub const FAILURES_MAX: u8 = 16;

/// An answer: this many bytes of the buffer, to go there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Bytes of the buffer.
    pub len: usize,
    /// Who gets them.
    pub to: SocketAddr,
}

/// Answers datagrams by `answer(datagram, from, out)` until the socket is dead, and tells its last
/// error. A datagram longer than `rx` is dropped; one that cannot be sent is lost.
pub async fn serve<S: UdpReceive + UdpSend>(
    socket: &mut S,
    rx: &mut [u8],
    tx: &mut [u8],
    mut answer: impl FnMut(&[u8], SocketAddr, &mut [u8]) -> Option<Answer>,
) -> S::Error {
    let mut failures = 0;
    loop {
        match socket.receive(rx).await {
            Ok((len, from)) => {
                failures = 0;
                let Some(Answer { len, to }) = rx
                    .get(..len)
                    .and_then(|datagram| answer(datagram, from, tx))
                else {
                    continue;
                };
                if let Some(bytes) = tx.get(..len) {
                    // The client asks again when its answer got lost, here or on the air.
                    let _ = socket.send(to, bytes).await;
                }
            }
            Err(error) => {
                failures += 1;
                if failures == FAILURES_MAX {
                    return error;
                }
            }
        }
    }
}
