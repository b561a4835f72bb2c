//! Events as a stream, for those who follow them.

use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};

use embassy_sync::blocking_mutex::raw::RawMutex;
use futures_core::Stream;
use landfall_core::bus::{BadCapacity, Subscription};
use landfall_core::event::{History, Record};

use super::{Device, Shared};

/// The events from the subscription on. It is a place in the device's history, so a slow one costs
/// nothing and delays nobody: where more than its bound are waiting, the oldest are dropped for it
/// alone, and [counted](Self::dropped).
pub struct EventStream<C: 'static, M: RawMutex + 'static> {
    shared: &'static Shared<C, M>,
    place: Place,
    bound: usize,
}

/// A place in the history of one boot.
#[derive(Clone, Copy, Debug)]
struct Place {
    boot: u32,
    subscription: Subscription,
}

impl<C, M: RawMutex> EventStream<C, M> {
    pub(super) fn new(shared: &'static Shared<C, M>, bound: usize) -> Result<Self, BadCapacity> {
        let now = |device: &mut Device, boot| {
            let subscription = Subscription::new(&device.history, bound);
            Some(subscription.map(|subscription| Place { boot, subscription }))
        };
        let place = match shared.at_boot(now) {
            Some(place) => place?,
            None => Place {
                boot: 0,
                subscription: Subscription::new(&History::new(), bound)?,
            },
        };
        Ok(Self {
            shared,
            place,
            bound,
        })
    }

    /// The next event. Waits as long as none happens, also over restarts of the device.
    pub async fn next(&mut self) -> Record {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// The next event, if it has happened already. A device that restarted begins anew.
    pub fn try_next(&mut self) -> Option<Record> {
        let Self {
            shared,
            place,
            bound,
        } = self;
        shared.at_boot(|device, boot| {
            if place.boot != boot {
                let subscription = Subscription::new(&History::new(), *bound).ok()?;
                *place = Place { boot, subscription };
            }
            place.subscription.poll(&device.history)
        })
    }

    /// How many events were dropped for this subscriber since the device's last start.
    pub fn dropped(&mut self) -> u32 {
        let subscription = &mut self.place.subscription;
        let dropped = |device: &mut Device, _| Some(subscription.dropped(&device.history));
        self.shared.at_boot(dropped).unwrap_or(0)
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Record> {
        // Registered first: an event between the look and the registration is not missed.
        self.shared.register(cx);
        self.try_next().map_or(Poll::Pending, Poll::Ready)
    }
}

impl<C, M: RawMutex> Stream for EventStream<C, M> {
    type Item = Record;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Record>> {
        self.get_mut().poll(cx).map(Some)
    }
}
