//! Who has which address. The range is exactly as large as the table: place `n` of the table is the
//! `n`-th address of the range, so an address is never lost while a place is free.

use core::net::Ipv4Addr;

use landfall_core::net::{Ipv4Net, Mac};

/// Most addresses given out, and the size of the range. An access point has at most 10 clients at a
/// time; a lecture hall sends many times that through it within one [`LEASE_SECS`].
pub const LEASES_MAX: usize = 64;
/// How long an address is lent, in seconds. Short, so that those who left make room; a phone that
/// stays renews every minute, which costs next to nothing.
pub const LEASE_SECS: u32 = 120;
/// How long an address is kept for someone it was offered to.
const OFFER_SECS: u32 = 10;

/// The first host number lent: the access point is usually host 1.
const FIRST_HOST: u32 = 2;

/// The owner of an address that turned out to be in use by a stranger.
const STRANGER: Mac = Mac([0; 6]);

/// One address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nobody ever had it.
    Free,
    /// This one has it, or had it and would get it back, until that second of [`Leases`]' time.
    Lent(Mac, u32),
}

/// All addresses of the range. 768 bytes.
#[derive(Clone, Debug)]
pub(super) struct Leases {
    net: Ipv4Net,
    places: [Place; LEASES_MAX],
}

impl Leases {
    /// The range of that network: from its second host on.
    pub(super) fn new(net: Ipv4Net) -> Self {
        Self {
            net,
            places: [Place::Free; LEASES_MAX],
        }
    }

    /// The access point's own address and network.
    pub(super) fn net(&self) -> Ipv4Net {
        self.net
    }

    /// An address for `mac`: the one it has or had, else the one it wishes for, else one that nobody
    /// had, else the one that ran out first. Kept for it for a moment. None: all are lent.
    pub(super) fn offer(
        &mut self,
        mac: Mac,
        wish: Option<Ipv4Addr>,
        now_s: u32,
    ) -> Option<Ipv4Addr> {
        let place = self
            .place_of(mac)
            .or_else(|| {
                wish.and_then(|addr| self.place_at(addr))
                    .filter(|n| self.open_to(*n, mac, now_s))
            })
            .or_else(|| self.unused(now_s))?;
        let until = match self.places[place] {
            Place::Lent(owner, until) if owner == mac => {
                until.max(now_s.saturating_add(OFFER_SECS))
            }
            Place::Lent(..) | Place::Free => now_s.saturating_add(OFFER_SECS),
        };
        self.places[place] = Place::Lent(mac, until);
        self.addr(place)
    }

    /// Lends `addr` to `mac`, anew or for longer. False: it is not of this range, or another's.
    pub(super) fn lend(&mut self, mac: Mac, addr: Ipv4Addr, now_s: u32) -> bool {
        let Some(place) = self.place_at(addr).filter(|n| self.open_to(*n, mac, now_s)) else {
            return false;
        };
        if let Some(before) = self.place_of(mac).filter(|before| *before != place) {
            self.places[before] = Place::Free;
        }
        self.places[place] = Place::Lent(mac, now_s.saturating_add(LEASE_SECS));
        true
    }

    /// `mac` gives its address back. It gets the same one again while nobody else needed it.
    pub(super) fn release(&mut self, mac: Mac, now_s: u32) {
        if let Some(place) = self.place_of(mac) {
            self.places[place] = Place::Lent(mac, now_s);
        }
    }

    /// `mac` found its address in use by somebody else: nobody gets it for a while.
    pub(super) fn decline(&mut self, mac: Mac, addr: Ipv4Addr, now_s: u32) {
        if let Some(place) = self.place_at(addr)
            && self.place_of(mac) == Some(place)
        {
            self.places[place] = Place::Lent(STRANGER, now_s.saturating_add(LEASE_SECS));
        }
    }

    /// The address at a place, where the network has it.
    fn addr(&self, place: usize) -> Option<Ipv4Addr> {
        let network = self.net.addr.to_bits() & self.net.mask();
        let broadcast = network | !self.net.mask();
        let bits = network.checked_add(FIRST_HOST + place as u32)?;
        (bits < broadcast && bits != self.net.addr.to_bits()).then(|| Ipv4Addr::from_bits(bits))
    }

    fn place_at(&self, addr: Ipv4Addr) -> Option<usize> {
        (0..LEASES_MAX).find(|place| self.addr(*place) == Some(addr))
    }

    fn place_of(&self, mac: Mac) -> Option<usize> {
        self.places
            .iter()
            .position(|place| matches!(place, Place::Lent(owner, _) if *owner == mac))
    }

    fn open_to(&self, place: usize, mac: Mac, now_s: u32) -> bool {
        match self.places[place] {
            Place::Free => true,
            Place::Lent(owner, until) => owner == mac || until <= now_s,
        }
    }

    /// A place nobody had, else the one whose time ended first.
    fn unused(&self, now_s: u32) -> Option<usize> {
        (0..LEASES_MAX)
            .filter(|place| self.addr(*place).is_some())
            .filter_map(|place| match self.places[place] {
                Place::Free => Some((0, place)),
                Place::Lent(_, until) if until <= now_s => Some((1 + u64::from(until), place)),
                Place::Lent(..) => None,
            })
            .min()
            .map(|(_, place)| place)
    }
}
