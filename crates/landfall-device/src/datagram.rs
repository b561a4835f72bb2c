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

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use edge_nal::io::{ErrorKind, ErrorType};

    use super::*;

    /// Gives these results in turn, then fails for ever; keeps what is sent.
    struct Script {
        received: Vec<Result<Vec<u8>, ErrorKind>>,
        sent: Vec<(SocketAddr, Vec<u8>)>,
    }

    impl ErrorType for Script {
        type Error = ErrorKind;
    }

    impl UdpReceive for Script {
        async fn receive(&mut self, buf: &mut [u8]) -> Result<(usize, SocketAddr), ErrorKind> {
            if self.received.is_empty() {
                return Err(ErrorKind::NotConnected);
            }
            let datagram = self.received.remove(0)?;
            let len = datagram.len().min(buf.len());
            buf[..len].copy_from_slice(&datagram[..len]);
            Ok((datagram.len(), SocketAddr::from(([127, 0, 0, 1], 9))))
        }
    }

    impl UdpSend for Script {
        async fn send(&mut self, to: SocketAddr, data: &[u8]) -> Result<(), ErrorKind> {
            self.sent.push((to, data.to_vec()));
            Err(ErrorKind::Other)
        }
    }

    #[test]
    fn neither_a_bad_datagram_nor_a_failed_answer_ends_it() {
        let mut received: Vec<_> = (1..FAILURES_MAX)
            .map(|_| Err(ErrorKind::InvalidData))
            .collect();
        received.push(Ok(b"long".to_vec()));
        received.extend((1..FAILURES_MAX).map(|_| Err(ErrorKind::InvalidData)));
        received.push(Ok(b"one".to_vec()));
        received.push(Ok(b"two".to_vec()));
        let mut socket = Script {
            received,
            sent: Vec::new(),
        };
        let mut asked = Vec::new();
        let (mut rx, mut tx) = ([0; 3], [0; 2]);
        let ended = async_io::block_on(serve(&mut socket, &mut rx, &mut tx, |bytes, from, out| {
            asked.push(bytes.to_vec());
            out.copy_from_slice(&bytes[..2]);
            Some(Answer { len: 2, to: from })
        }));
        assert_eq!(ended, ErrorKind::NotConnected);
        assert_eq!(asked, [b"one", b"two"]);
        let sent: Vec<_> = socket
            .sent
            .iter()
            .map(|(_, data)| data.as_slice())
            .collect();
        assert_eq!(sent, [b"on", b"tw"]);
    }
}
