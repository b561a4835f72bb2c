//! The kernel's side of interfaces: links, addresses and routes (rtnetlink), and which interfaces a
//! radio can carry at once (nl80211).
//!
//! One request, its answer, the next: the kernel answers in the time of the call, and what is asked
//! here is asked when an interface comes, goes, or gets an address. So the sockets are the synchronous
//! ones.

mod route;
mod wifi;

use std::fmt::Debug;
use std::io;

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_REQUEST, NetlinkDeserializable, NetlinkMessage, NetlinkPayload,
    NetlinkSerializable,
};
use netlink_sys::{Socket, SocketAddr};

pub use route::{Link, Route};
pub use wifi::{Radio, can_do_both};

/// Bytes of the longest answer: what the kernel fills in a dump at once.
const ANSWER_MAX: usize = 32 * 1024;

/// A netlink socket of one protocol.
struct Netlink(Socket);

impl Netlink {
    fn open(protocol: isize) -> io::Result<Self> {
        let mut socket = Socket::new(protocol)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self(socket))
    }

    /// Sends one request, with an acknowledgement asked for or as a dump, and hands the messages of its
    /// answer over until its end.
    fn ask<M>(&self, message: M, flags: u16, mut each: impl FnMut(M)) -> io::Result<()>
    where
        M: NetlinkSerializable + NetlinkDeserializable + Debug,
        NetlinkPayload<M>: From<M>,
    {
        let mut request = NetlinkMessage::from(message);
        request.header.flags = NLM_F_REQUEST | flags;
        request.finalize();
        let mut bytes = vec![0; request.buffer_len()];
        request.serialize(&mut bytes);
        self.0.send(&bytes, 0)?;
        let mut buffer = Vec::with_capacity(ANSWER_MAX);
        loop {
            buffer.clear();
            self.0.recv(&mut buffer, 0)?;
            if take(&buffer, &mut each)? {
                return Ok(());
            }
        }
    }

    /// Asks for something to be done.
    fn order<M>(&self, message: M, flags: u16) -> io::Result<()>
    where
        M: NetlinkSerializable + NetlinkDeserializable + Debug,
        NetlinkPayload<M>: From<M>,
    {
        self.ask(message, NLM_F_ACK | flags, |_| ())
    }
}

/// Takes the messages of one datagram; true at the end of the answer.
fn take<M: NetlinkDeserializable + Debug>(
    datagram: &[u8],
    each: &mut impl FnMut(M),
) -> io::Result<bool> {
    let mut rest = datagram;
    while !rest.is_empty() {
        let length = rest
            .first_chunk()
            .map(|len| u32::from_ne_bytes(*len) as usize);
        let Some(piece) = length
            .filter(|len| *len > 0)
            .and_then(|len| rest.get(..len))
        else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        match NetlinkMessage::<M>::deserialize(piece).map(|message| message.payload) {
            Ok(NetlinkPayload::InnerMessage(message)) => each(message),
            Ok(NetlinkPayload::Done(_)) => return Ok(true),
            Ok(NetlinkPayload::Error(error)) if error.code.is_none() => return Ok(true),
            Ok(NetlinkPayload::Error(error)) => return Err(error.to_io()),
            // One that a newer kernel says otherwise is as good as not said.
            Ok(_) | Err(_) => {}
        }
        // Messages begin at multiples of four bytes.
        rest = rest
            .get(piece.len().next_multiple_of(4)..)
            .unwrap_or_default();
    }
    Ok(false)
}
