//! What others say: their questions, what they know already, and whether they claim our names.

use core::cmp::Ordering;
use core::net::Ipv4Addr;

use domain::base::iana::{Class, Opcode, Rcode};
use domain::base::name::ToName;
use domain::base::{Message, ParsedName, Question};
use domain::rdata::{A, Ptr, Srv, Txt};

use super::Host;
use super::records::{Names, Record, Records, TOP_BIT, address, http, text, wanted};

/// Questions of one query that are looked at.
const QUESTIONS_MAX: usize = 32;
/// Records of one section that are looked at.
const RECORDS_MAX: usize = 64;

/// A question in somebody's packet.
pub(super) type Asked<'q> = Question<ParsedName<&'q [u8]>>;

/// What a query wants of us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// What of it we have.
    pub(super) records: Records,
    /// Nobody asks for an answer to the group.
    pub(super) is_unicast: bool,
}

/// Whether it is a query, or an answer, without error.
pub(super) fn is(message: &Message<[u8]>, answer: bool) -> bool {
    let header = message.header();
    header.qr() == answer && header.opcode() == Opcode::QUERY && header.rcode() == Rcode::NOERROR
}

/// Its questions, up to the first that is broken.
pub(super) fn questions<'q>(query: &'q Message<[u8]>) -> impl Iterator<Item = Asked<'q>> {
    query.question().take(QUESTIONS_MAX).map_while(Result::ok)
}

/// What the questions want of us; none where one of them is broken.
pub(super) fn look(query: &Message<[u8]>, names: &Names) -> Option<Wanted> {
    let mut all = Wanted {
        is_unicast: true,
        ..Wanted::default()
    };
    for question in query.question().take(QUESTIONS_MAX) {
        let question = question.ok()?;
        let class = question.qclass().to_int();
        if !matches!(Class::from_int(class & !TOP_BIT), Class::IN | Class::ANY) {
            continue;
        }
        let records = wanted(names, question.qname(), question.qtype());
        if !records.is_empty() {
            records.iter().for_each(|record| all.records.add(record));
            all.is_unicast &= class & TOP_BIT != 0;
        }
    }
    Some(all)
}

/// Whether the asker knows that of us, for half its time at least (§7.1).
pub(super) fn knows(query: &Message<[u8]>, host: &Host, names: &Names, record: Record) -> bool {
    let Ok(answers) = query.answer() else {
        return false;
    };
    let enough = record.ttl_secs() / 2;
    let owner = names.owner(record);
    macro_rules! says {
        ($data:ty, $same:expr) => {
            answers
                .limit_to::<$data>()
                .take(RECORDS_MAX)
                .map_while(Result::ok)
                .any(|known| {
                    known.ttl().as_secs() >= enough
                        && known.owner().name_eq(owner)
                        && $same(known.data())
                })
        };
    }
    match record {
        Record::Address => says!(A, |a: &A| *a == address(host.net.addr)),
        Record::Kind => says!(Ptr<_>, |ptr: &Ptr<ParsedName<_>>| ptr
            .ptrdname()
            .name_eq(http())),
        Record::Service => says!(Ptr<_>, |ptr: &Ptr<ParsedName<_>>| ptr
            .ptrdname()
            .name_eq(names.service())),
        Record::Location => says!(Srv<_>, |srv: &Srv<ParsedName<_>>| is_ours(srv, host, names)),
        Record::Text => says!(Txt<_>, |txt: &Txt<&[u8]>| *txt == text()),
        Record::NothingElse | Record::NoMore => false,
    }
}

fn is_ours<N: ToName>(srv: &Srv<N>, host: &Host, names: &Names) -> bool {
    srv.port() == host.port && srv.target().name_eq(names.host())
}

/// Whether somebody else answers to our names (§9): with another address, or another place of the
/// service. What repeats us is no other.
pub(super) fn contests(answer: &Message<[u8]>, host: &Host, names: &Names) -> bool {
    let Ok(answers) = answer.answer() else {
        return false;
    };
    let mut addresses = answers
        .limit_to::<A>()
        .take(RECORDS_MAX)
        .map_while(Result::ok);
    let mut places = answers
        .limit_to::<Srv<_>>()
        .take(RECORDS_MAX)
        .map_while(Result::ok);
    addresses.any(|a| a.owner().name_eq(names.host()) && *a.data() != address(host.net.addr))
        || places
            .any(|srv| srv.owner().name_eq(names.service()) && !is_ours(srv.data(), host, names))
}

/// Whether somebody asks for our name at the same time as we do, and goes before us (§8.2): the
/// greater address does.
pub(super) fn goes_before(query: &Message<[u8]>, host: &Host, names: &Names) -> bool {
    let Ok(claims) = query.authority() else {
        return false;
    };
    let mut claims = claims
        .limit_to::<A>()
        .take(RECORDS_MAX)
        .map_while(Result::ok);
    claims.any(|claim| {
        let theirs: Ipv4Addr = claim.data().addr();
        claim.owner().name_eq(names.host())
            && theirs.octets().cmp(&host.net.addr.octets()) == Ordering::Greater
    })
}
