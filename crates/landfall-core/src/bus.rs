//! Who is told of events: subscribers, who fetch them at their own pace, and callbacks.
//!
//! There is one queue for all, the [`History`]; a subscriber is no more than a place in it. So
//! publishing costs the same whoever listens, waits for nobody, and a subscriber that falls
//! behind loses its own oldest events and no other's.

use heapless::Vec;

use crate::event::{HISTORY_LEN, History, Record};

/// How many events a subscriber may leave unfetched unless it says otherwise.
pub const QUEUE_DEFAULT: usize = 32;
/// How many it may ask for: as many as are kept.
pub const QUEUE_MAX: usize = HISTORY_LEN;

/// A length that no queue has: 0, or more than [`QUEUE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadCapacity(pub usize);

/// A subscriber's place among the events.
#[derive(Clone, Copy, Debug)]
pub struct Subscription {
    next_seq: u32,
    capacity: u32,
    dropped: u32,
}

impl Subscription {
    /// Gets the events from now on; at most `capacity` (1 to [`QUEUE_MAX`]) wait to be fetched.
    pub fn new(history: &History, capacity: usize) -> Result<Self, BadCapacity> {
        if !(1..=QUEUE_MAX).contains(&capacity) {
            return Err(BadCapacity(capacity));
        }
        Ok(Self {
            next_seq: history.next_seq(),
            capacity: capacity as u32,
            dropped: 0,
        })
    }

    /// The next event, oldest first; none: none waits.
    pub fn poll(&mut self, history: &History) -> Option<Record> {
        self.drop_excess(history);
        if self.next_seq == history.next_seq() {
            return None;
        }
        let record = *history.at_or_after(self.next_seq)?;
        self.next_seq = record.seq.wrapping_add(1).max(1);
        Some(record)
    }

    /// How many events this subscriber has lost.
    pub fn dropped(&mut self, history: &History) -> u32 {
        self.drop_excess(history);
        self.dropped
    }

    fn drop_excess(&mut self, history: &History) {
        let waiting = history.next_seq().wrapping_sub(self.next_seq);
        let excess = waiting.saturating_sub(self.capacity);
        self.next_seq = self.next_seq.wrapping_add(excess).max(1);
        self.dropped = self.dropped.saturating_add(excess);
    }
}

/// Names a callback, to remove it by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallbackId(u32);

/// No more callbacks fit. Remove one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyCallbacks;

/// The callbacks of a program, at most `N`, in the order in which they were added.
///
/// `C` is what the adapter can call: a `fn` on chips, a shared closure on hosts. It is called
/// outside the registry, on a copy, one after another by [`Callbacks::after`]. So a callback may
/// add and remove callbacks, itself included, and the adapter may catch its panic, without any
/// other missing its turn:
///
/// ```
/// # use landfall_core::bus::{CallbackId, Callbacks};
/// # let mut callbacks: Callbacks<fn(u32), 4> = Callbacks::new();
/// # callbacks.add(|n| assert_eq!(n, 7)).unwrap();
/// let mut last = CallbackId::default();
/// while let Some((id, callback)) = callbacks.after(last) {
///     callback(7); // on hosts: inside `catch_unwind`, with the lock released
///     last = id;
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Callbacks<C, const N: usize> {
    last_id: u32,
    entries: Vec<(CallbackId, C), N>,
}

impl<C: Clone + PartialEq, const N: usize> Callbacks<C, N> {
    /// No callbacks.
    pub const fn new() -> Self {
        Self {
            last_id: 0,
            entries: Vec::new(),
        }
    }

    /// Adds a callback; the same one again is stored once and keeps its name.
    pub fn add(&mut self, callback: C) -> Result<CallbackId, TooManyCallbacks> {
        if let Some((id, _)) = self.entries.iter().find(|entry| entry.1 == callback) {
            return Ok(*id);
        }
        let id = CallbackId(self.last_id.checked_add(1).ok_or(TooManyCallbacks)?);
        self.entries
            .push((id, callback))
            .map_err(|_| TooManyCallbacks)?;
        self.last_id = id.0;
        Ok(id)
    }

    /// Removes a callback; one that is not there is nothing.
    pub fn remove(&mut self, id: CallbackId) {
        self.entries.retain(|entry| entry.0 != id);
    }

    /// The callback whose turn is after that one; the first after [`CallbackId::default`].
    pub fn after(&self, last: CallbackId) -> Option<(CallbackId, C)> {
        self.entries.iter().find(|entry| entry.0 > last).cloned()
    }
}

impl<C: Clone + PartialEq, const N: usize> Default for Callbacks<C, N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use std::cell::RefCell;
    use std::rc::Rc;

    fn publish(history: &mut History, count: usize) {
        for _ in 0..count {
            history.push(0, Event::StaStart);
        }
    }

    fn fetch(subscription: &mut Subscription, history: &History) -> std::vec::Vec<u32> {
        core::iter::from_fn(|| subscription.poll(history).map(|record| record.seq)).collect()
    }

    #[test]
    fn a_queue_of_no_length_or_beyond_the_history_is_refused() {
        let history = History::new();
        for (capacity, good) in [(0, false), (1, true), (64, true), (65, false)] {
            assert_eq!(
                Subscription::new(&history, capacity).is_ok(),
                good,
                "{capacity}"
            );
        }
    }

    #[test]
    fn a_full_queue_drops_for_its_subscriber_alone_and_counts() {
        let mut history = History::new();
        publish(&mut history, 3);
        let mut slow = Subscription::new(&history, 2).unwrap();
        let mut keen = Subscription::new(&history, QUEUE_DEFAULT).unwrap();
        publish(&mut history, 5);
        assert_eq!(fetch(&mut keen, &history), [4, 5, 6, 7, 8]);
        assert_eq!(
            (fetch(&mut slow, &history), slow.dropped(&history)),
            ([7, 8].into(), 3)
        );
        publish(&mut history, 100);
        assert_eq!(fetch(&mut slow, &history), [107, 108]);
        assert_eq!((slow.dropped(&history), keen.dropped(&history)), (101, 68));
        assert_eq!(fetch(&mut keen, &history).len(), 32);
        assert_eq!(keen.poll(&history), None);
    }

    #[test]
    fn the_same_callback_is_stored_once_and_an_unknown_one_removed_is_nothing() {
        let mut callbacks: Callbacks<u8, 2> = Callbacks::new();
        let first = callbacks.add(1).unwrap();
        assert_eq!(callbacks.add(1), Ok(first));
        let second = callbacks.add(2).unwrap();
        assert_eq!(callbacks.add(3), Err(TooManyCallbacks));
        callbacks.remove(first);
        callbacks.remove(first);
        assert_eq!(callbacks.after(CallbackId::default()), Some((second, 2)));
        assert_eq!(callbacks.after(second), None);
    }

    #[derive(Clone)]
    struct Shared(Rc<dyn Fn()>);

    impl PartialEq for Shared {
        fn eq(&self, other: &Self) -> bool {
            Rc::ptr_eq(&self.0, &other.0)
        }
    }

    #[test]
    fn one_that_removes_itself_or_panics_does_not_stop_the_others() {
        let callbacks: Rc<RefCell<Callbacks<Shared, 4>>> = Rc::default();
        let called = Rc::new(RefCell::new(std::string::String::new()));
        let add = |name: char, then: fn(&RefCell<Callbacks<Shared, 4>>)| {
            let (called, registry) = (called.clone(), callbacks.clone());
            let callback = Shared(Rc::new(move || {
                called.borrow_mut().push(name);
                then(&registry);
            }));
            callbacks.borrow_mut().add(callback).unwrap();
        };
        add('a', |registry| registry.borrow_mut().remove(CallbackId(1)));
        add('b', |_| panic!("a program's bug"));
        add('c', |_| {});
        for _ in 0..2 {
            let mut last = CallbackId::default();
            loop {
                let Some((id, callback)) = callbacks.borrow().after(last) else {
                    break;
                };
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| callback.0()));
                last = id;
            }
        }
        assert_eq!(*called.borrow(), "abcbc");
    }
}
