//! What the client has the runner keep in the store: one item at a time, read or written.

use zeroize::Zeroize;

use crate::store::Key;

/// Longest item, in bytes: what the owner had set where the fleet has laid its settings over it.
pub const ITEM_MAX: usize = 832;

/// The item under way.
#[derive(Debug)]
pub(crate) struct ItemErrand {
    state: State,
    bytes: [u8; ITEM_MAX],
    len: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Asked(Key, Way),
    Done(bool),
}

/// Which way an item goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Load,
    Save,
}

/// An item in the runner's hands.
pub(crate) struct Item {
    pub(crate) key: Key,
    pub(crate) way: Way,
    pub(crate) bytes: [u8; ITEM_MAX],
    pub(crate) len: usize,
}

impl Drop for Item {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ItemErrand {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Idle,
            bytes: [0; ITEM_MAX],
            len: 0,
        }
    }

    /// Asks for an item; false where it is too long.
    pub(crate) fn ask(&mut self, key: Key, way: Way, bytes: &[u8]) -> bool {
        let Some(place) = self.bytes.get_mut(..bytes.len()) else {
            return false;
        };
        place.copy_from_slice(bytes);
        self.len = bytes.len();
        self.state = State::Asked(key, way);
        true
    }

    /// For the runner: what is to be done.
    pub(crate) fn asked(&mut self) -> Option<Item> {
        let State::Asked(key, way) = self.state else {
            return None;
        };
        Some(Item {
            key,
            way,
            bytes: self.bytes,
            len: self.len,
        })
    }

    /// For the runner: it is done, with what was read; none: the store did not.
    pub(crate) fn done(&mut self, read: Option<&[u8]>) {
        self.bytes.zeroize();
        self.state = State::Done(false);
        if let Some(read) = read
            && let Some(place) = self.bytes.get_mut(..read.len())
        {
            place.copy_from_slice(read);
            self.len = read.len();
            self.state = State::Done(true);
        }
    }

    /// For the client: the end of what it asked for, copied to `out`; the inner none: it failed.
    pub(crate) fn take(&mut self, out: &mut [u8]) -> Option<Option<usize>> {
        let State::Done(well) = self.state else {
            return None;
        };
        self.state = State::Idle;
        let read = self.bytes.get(..self.len).filter(|_| well);
        let copied = read.and_then(|read| {
            out.get_mut(..read.len())?.copy_from_slice(read);
            Some(read.len())
        });
        self.bytes.zeroize();
        Some(copied)
    }
}
