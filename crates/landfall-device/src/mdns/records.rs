//! What there is to tell of a device: its address, and its portal as a service that browsers of the
//! network find (RFC 6763).

use core::net::Ipv4Addr;

use domain::base::iana::Class;
use domain::base::message_builder::PushError;
use domain::base::name::Name;
use domain::base::{MessageBuilder, RecordSectionBuilder, Rtype, StaticCompressor, Ttl};
use domain::dep::octseq::Array;
use domain::rdata::dnssec::RtypeBitmap;
use domain::rdata::{A, Nsec, Ptr, Srv, Txt};
use landfall_core::net::{HOSTNAME_MAX, Hostname};

use super::{Host, REPLY_MAX};

/// The end of our names on the wire.
const LOCAL: &[u8] = b"\x05local\0";
/// The kind of service that a portal is.
const HTTP: &[u8] = b"\x05_http\x04_tcp\x05local\0";
/// Where all kinds of services are listed (RFC 6763 §9).
const KINDS: &[u8] = b"\x09_services\x07_dns-sd\x04_udp\x05local\0";
/// Longest name of ours on the wire.
pub(super) const NAME_MAX: usize = 1 + HOSTNAME_MAX + HTTP.len();
/// What is said of the portal: where it begins.
const TEXT: &[u8] = b"\x06path=/";
/// The types that a host's name has, as a bitmap of NSEC: A.
const HOST_TYPES: [u8; 3] = [0, 1, 0x40];
/// The types that a service's name has: TXT and SRV.
const SERVICE_TYPES: [u8; 7] = [0, 5, 0, 0, 0x80, 0, 0x40];
/// How long what may change can be kept, in seconds (RFC 6762 §10).
pub(super) const TTL_SECS: u32 = 120;
/// How long the rest can.
const LONG_TTL_SECS: u32 = 4500;
/// In a record: "forget what you had of it" (RFC 6762 §10.2).
pub(super) const TOP_BIT: u16 = 0x8000;

/// One thing that is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Record {
    /// Our name has this address (A).
    Address,
    /// Our name has nothing else (NSEC).
    NothingElse,
    /// There are services of this kind (PTR).
    Kind,
    /// Ours is one of them (PTR).
    Service,
    /// It is on that host and port (SRV).
    Location,
    /// It begins there (TXT).
    Text,
    /// It has nothing else (NSEC).
    NoMore,
}

impl Record {
    pub(super) const ALL: [Self; 7] = [
        Self::Address,
        Self::NothingElse,
        Self::Kind,
        Self::Service,
        Self::Location,
        Self::Text,
        Self::NoMore,
    ];

    /// How long it may be kept, in seconds.
    pub(super) const fn ttl_secs(self) -> u32 {
        match self {
            Self::Address | Self::NothingElse | Self::Location | Self::NoMore => TTL_SECS,
            Self::Kind | Self::Service | Self::Text => LONG_TTL_SECS,
        }
    }

    /// Whether nobody else may tell of that name and type: so it replaces what was known.
    const fn is_unique(self) -> bool {
        match self {
            Self::Kind | Self::Service => false,
            Self::Address | Self::NothingElse | Self::Location | Self::Text | Self::NoMore => true,
        }
    }
}

/// Some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Records(u8);

impl Records {
    /// All that is said unasked.
    pub(super) const ANNOUNCED: Self = Self(
        1 << Record::Address as u8
            | 1 << Record::Kind as u8
            | 1 << Record::Service as u8
            | 1 << Record::Location as u8
            | 1 << Record::Text as u8,
    );

    /// What we mean to be the only one to say.
    pub(super) const CLAIMED: Self =
        Self(1 << Record::Address as u8 | 1 << Record::Location as u8 | 1 << Record::Text as u8);

    pub(super) fn add(&mut self, record: Record) {
        self.0 |= 1 << record as u8;
    }

    pub(super) fn remove(&mut self, record: Record) {
        self.0 &= !(1 << record as u8);
    }

    pub(super) const fn has(self, record: Record) -> bool {
        self.0 & 1 << record as u8 != 0
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Record> {
        Record::ALL
            .into_iter()
            .filter(move |record| self.has(*record))
    }

    /// What whoever gets these is going to ask next (RFC 6763 §12), and what there is not.
    pub(super) fn additional(self) -> Self {
        let mut more = Self::default();
        if self.has(Record::Service) {
            more.add(Record::Location);
            more.add(Record::Text);
        }
        if self.has(Record::Location) || more.has(Record::Location) {
            more.add(Record::Address);
            more.add(Record::NoMore);
        }
        if self.has(Record::Address) || more.has(Record::Address) {
            more.add(Record::NothingElse);
        }
        Self(more.0 & !self.0)
    }
}

/// Our names in wire format.
pub(super) struct Names {
    host: WireName,
    service: WireName,
}

impl Names {
    pub(super) fn of(hostname: &Hostname) -> Self {
        Self {
            host: WireName::of(hostname, LOCAL),
            service: WireName::of(hostname, HTTP),
        }
    }

    /// `<hostname>.local`.
    pub(super) fn host(&self) -> &Name<[u8]> {
        self.host.name()
    }

    /// `<hostname>._http._tcp.local`.
    pub(super) fn service(&self) -> &Name<[u8]> {
        self.service.name()
    }

    /// The name that a record is of.
    pub(super) fn owner(&self, record: Record) -> &Name<[u8]> {
        match record {
            Record::Address | Record::NothingElse => self.host(),
            Record::Kind => kinds(),
            Record::Service => http(),
            Record::Location | Record::Text | Record::NoMore => self.service(),
        }
    }
}

/// `_http._tcp.local`.
pub(super) fn http() -> &'static Name<[u8]> {
    constant(HTTP)
}

/// `_services._dns-sd._udp.local`.
pub(super) fn kinds() -> &'static Name<[u8]> {
    constant(KINDS)
}

fn constant(name: &'static [u8]) -> &'static Name<[u8]> {
    match Name::from_slice(name) {
        Ok(name) => name,
        Err(_) => unreachable!("a name in wire format"),
    }
}

struct WireName {
    len: usize,
    bytes: [u8; NAME_MAX],
}

impl WireName {
    fn of(hostname: &Hostname, end: &[u8]) -> Self {
        let label = hostname.as_str().as_bytes();
        let len = 1 + label.len() + end.len();
        let mut bytes = [0; NAME_MAX];
        bytes[0] = label.len() as u8;
        bytes[1..=label.len()].copy_from_slice(label);
        bytes[1 + label.len()..len].copy_from_slice(end);
        Self { len, bytes }
    }

    fn name(&self) -> &Name<[u8]> {
        // A host name is one label of 1 to 32 bytes, so this is always a name; the root stands
        // for what cannot be.
        Name::from_slice(&self.bytes[..self.len]).unwrap_or_else(|_| Name::root_slice())
    }
}

/// A message as it is written.
pub(super) type Packet = StaticCompressor<Array<REPLY_MAX>>;

pub(super) fn begin() -> Result<MessageBuilder<Packet>, PushError> {
    MessageBuilder::from_target(Packet::new(Array::new())).map_err(|_| PushError::ShortBuf)
}

/// How a record is told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// To those who keep it and replace what they had.
    Multicast,
    /// To those who only want to know: for as many seconds at most.
    Plain(u32),
}

/// Tells one.
pub(super) fn push(
    section: &mut impl RecordSectionBuilder<Packet>,
    host: &Host,
    names: &Names,
    record: Record,
    manner: Manner,
) -> Result<(), PushError> {
    let (ttl_secs, flush) = match manner {
        Manner::Multicast if record.is_unique() => (record.ttl_secs(), TOP_BIT),
        Manner::Multicast => (record.ttl_secs(), 0),
        Manner::Plain(most) => (record.ttl_secs().min(most), 0),
    };
    let class = Class::from_int(Class::IN.to_int() | flush);
    let ttl = Ttl::from_secs(ttl_secs);
    let owner = names.owner(record);
    match record {
        Record::Address => section.push((owner, class, ttl, address(host.net.addr))),
        Record::NothingElse => {
            section.push((owner, class, ttl, Nsec::new(owner, bitmap(&HOST_TYPES))))
        }
        Record::Kind => section.push((owner, class, ttl, Ptr::new(http()))),
        Record::Service => section.push((owner, class, ttl, Ptr::new(names.service()))),
        Record::Location => {
            let location = Srv::new(0, 0, host.port, names.host());
            section.push((owner, class, ttl, location))
        }
        Record::Text => section.push((owner, class, ttl, text())),
        Record::NoMore => {
            section.push((owner, class, ttl, Nsec::new(owner, bitmap(&SERVICE_TYPES))))
        }
    }
}

pub(super) fn address(addr: Ipv4Addr) -> A {
    let [a, b, c, d] = addr.octets();
    A::from_octets(a, b, c, d)
}

pub(super) fn text() -> Txt<&'static [u8]> {
    match Txt::from_octets(TEXT) {
        Ok(text) => text,
        Err(_) => unreachable!("one string of seven bytes"),
    }
}

fn bitmap(types: &[u8]) -> RtypeBitmap<&[u8]> {
    match RtypeBitmap::from_octets(types) {
        Ok(types) => types,
        Err(_) => unreachable!("one window"),
    }
}

/// What a question of that type for that name wants of us.
pub(super) fn wanted(names: &Names, name: &impl domain::base::ToName, kind: Rtype) -> Records {
    let asks = |types: &[Rtype]| kind == Rtype::ANY || types.contains(&kind);
    let mut wanted = Records::default();
    if name.name_eq(names.host()) {
        wanted.add(if asks(&[Rtype::A]) {
            Record::Address
        } else {
            Record::NothingElse
        });
    } else if name.name_eq(names.service()) {
        if asks(&[Rtype::SRV]) {
            wanted.add(Record::Location);
        }
        if asks(&[Rtype::TXT]) {
            wanted.add(Record::Text);
        }
        if wanted.is_empty() {
            wanted.add(Record::NoMore);
        }
    } else if asks(&[Rtype::PTR]) {
        if name.name_eq(http()) {
            wanted.add(Record::Service);
        } else if name.name_eq(kinds()) {
            wanted.add(Record::Kind);
        }
    }
    wanted
}
