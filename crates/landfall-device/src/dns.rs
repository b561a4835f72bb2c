//! Captive DNS: every name leads to the access point.
//!
//! Phones look names up before they decide whether there is internet; whatever they ask for an IPv4
//! address, they get ours, for this once (TTL 0). Other types get "no such record", so that nobody
//! waits for an IPv6 or HTTPS answer.
//!
//! Why not edge-captive, which stands on the same `domain` library: it answers answers, so that two of
//! its kind can keep each other busy; it takes any number of questions; it answers with names
//! uncompressed beyond 512 bytes; and its loop ends at the first answer that does not fit.

use core::net::{Ipv4Addr, SocketAddr};

use domain::base::iana::{Class, Opcode, Rcode};
use domain::base::message_builder::PushError;
use domain::base::{Message, MessageBuilder, ParsedName, Question, Rtype, StaticCompressor, Ttl};
use domain::dep::octseq::Array;
use domain::rdata::A;
use edge_nal::{UdpReceive, UdpSend};

use crate::datagram::{self, Answer};

/// The port of a name server.
pub const PORT: u16 = 53;
/// Longest query taken, in bytes: what any client sends to a server it knows nothing about
/// (RFC 1035 §4.2.1), and room for the options of EDNS.
pub const QUERY_MAX: usize = 768;
/// Longest reply, in bytes: header, a question of the longest name, and one compressed record.
pub const REPLY_MAX: usize = 12 + (255 + 4) + 16;

/// Writes the reply to `query` to the front of `out` and gives its length. None: it deserves
/// silence (too short to have an ID, or an answer itself), or `out` is shorter than the reply, which
/// is at most [`REPLY_MAX`].
///
/// One question of opcode QUERY is answered with NOERROR, and with `addr` where it asks for an IPv4
/// address. Another opcode gets NOTIMP; no question, several (RFC 9619), or one that is broken or has a
/// compressed name gets FORMERR. What follows the question (EDNS) is not looked at.
pub fn reply(query: &[u8], addr: Ipv4Addr, out: &mut [u8]) -> Option<usize> {
    let query = Message::from_slice(query).ok()?;
    if query.header().qr() {
        return None;
    }
    let verdict = judge(query);
    let reply = compose(query, verdict, addr).ok()?;
    let bytes = reply.as_slice();
    out.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(bytes.len())
}

/// The one question of a query that is answered, or what is wrong with it.
fn judge(query: &Message<[u8]>) -> Result<Question<ParsedName<&[u8]>>, Rcode> {
    if query.header().opcode() != Opcode::QUERY {
        return Err(Rcode::NOTIMP);
    }
    if query.header_counts().qdcount() != 1 {
        return Err(Rcode::FORMERR);
    }
    match query.question().next() {
        Some(Ok(question)) if !question.qname().is_compressed() => Ok(question),
        Some(_) | None => Err(Rcode::FORMERR),
    }
}

type Reply = StaticCompressor<Array<REPLY_MAX>>;

fn compose(
    query: &Message<[u8]>,
    verdict: Result<Question<ParsedName<&[u8]>>, Rcode>,
    addr: Ipv4Addr,
) -> Result<Reply, PushError> {
    let mut message =
        MessageBuilder::from_target(Reply::new(Array::new())).map_err(|_| PushError::ShortBuf)?;
    let header = message.header_mut();
    header.set_id(query.header().id());
    header.set_qr(true);
    header.set_opcode(query.header().opcode());
    header.set_rd(query.header().rd());
    let question = match verdict {
        Ok(question) => question,
        Err(rcode) => {
            header.set_rcode(rcode);
            return Ok(message.finish());
        }
    };
    header.set_aa(true);
    // Some stub resolvers pass over a server that does not offer recursion.
    header.set_ra(true);
    let mut message = message.question();
    message.push(question)?;
    let mut message = message.answer();
    if question.qtype() == Rtype::A && matches!(question.qclass(), Class::IN | Class::ANY) {
        let [a, b, c, d] = addr.octets();
        message.push((
            question.qname(),
            Class::IN,
            Ttl::ZERO,
            A::from_octets(a, b, c, d),
        ))?;
    }
    Ok(message.finish())
}

/// Answers on a bound socket until it is dead, and gives its last error.
pub async fn run<S: UdpReceive + UdpSend>(socket: &mut S, addr: Ipv4Addr) -> S::Error {
    let mut rx = [0; QUERY_MAX];
    let mut tx = [0; REPLY_MAX];
    datagram::serve(socket, &mut rx, &mut tx, |query, from: SocketAddr, out| {
        reply(query, addr, out).map(|len| Answer { len, to: from })
    })
    .await
}

#[cfg(test)]
mod tests;
