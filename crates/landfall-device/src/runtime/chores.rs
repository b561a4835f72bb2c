//! What the runner does for the fleet beside the machine: items in the store, a server that a console
//! gives, and news that everybody is to hear.

use embassy_sync::blocking_mutex::raw::RawMutex;
use landfall_core::command::{Refusal, Reply};
use landfall_core::console::FleetChange;
use landfall_core::manager::{Output, StoreOp};

use super::device::Device;
use super::radio::Radio;
use super::runner::Runner;
use super::storage::Storage;
use super::{Clock, Shared};
use crate::fleet::{Item, Way};

impl<R: Radio, S: Storage, C: Clock, M: RawMutex> Runner<R, S, C, M> {
    /// Does the next thing for the fleet; false where there is none.
    pub(super) async fn serve_fleet(&mut self) -> bool {
        self.tell_news() || self.let_go() || self.serve_item().await || self.change_fleet().await
    }

    /// Has a phone leave whose student has marked; false where there is none.
    fn let_go(&mut self) -> bool {
        let Self { shared, radio, .. } = self;
        let now = shared.clock().now();
        let leaving = shared.look(|device| {
            let phone = device.fleet.next_leaving(now)?;
            radio.let_go(phone);
            Some(())
        });
        leaving.flatten().is_some()
    }

    /// Tells one thing that the fleet did, as if the machine had.
    fn tell_news(&mut self) -> bool {
        let now = self.shared.clock().now();
        let told = self.shared.look(|device| {
            let event = device.fleet.next_news()?;
            device.consoles.hear(&Output::Event(event), &device.manager);
            Some(device.note(event, now))
        });
        let Some(record) = told.flatten() else {
            return false;
        };
        self.tell(&record);
        self.shared.tell();
        true
    }

    /// Reads or writes the item that the client asked for.
    async fn serve_item(&mut self) -> bool {
        let asked = self.shared.look(|device| device.fleet.item.asked());
        let Some(mut item) = asked.flatten() else {
            return false;
        };
        let done = match item.way {
            Way::Load => self.store.load_item(item.key, &mut item.bytes).await.ok(),
            Way::Save => {
                let bytes = item.bytes.get(..item.len).unwrap_or_default();
                let saved = self.store.save_item(item.key, bytes).await;
                saved.ok().map(|()| 0)
            }
        };
        end_item(self.shared, &item, done);
        true
    }

    /// Keeps the server that a console gave, and answers it. Where it cannot be kept the one before
    /// stays.
    async fn change_fleet(&mut self) -> bool {
        if self.writing.is_some() {
            return false;
        }
        let Self { shared, store, .. } = self;
        let begun = shared.look(|device| {
            let change = device.fleet.change.take()?;
            let ticket = change.ticket;
            let before = exchange(device, change);
            let taken = store.take(StoreOp::Settings, device.source());
            Some((before, ticket, taken))
        });
        let Some((before, ticket, taken)) = begun.flatten() else {
            return false;
        };
        let saved = match taken {
            Ok(()) => store.commit().await,
            Err(failed) => Err(failed),
        };
        let reply = match saved {
            Ok(()) => Reply::Done,
            Err(_) => Reply::Refused(Refusal::SaveFailed),
        };
        shared.look(|device| {
            if saved.is_err() {
                exchange(device, before);
            } else {
                device
                    .fleet
                    .begin_anew(device.services.fleet_url.is_empty());
            }
            let output = Output::Reply(ticket, reply);
            device.consoles.hear(&output, &device.manager);
        });
        shared.tell();
        true
    }
}

fn end_item<C, M: RawMutex>(shared: &Shared<C, M>, item: &Item, done: Option<usize>) {
    let read = done.and_then(|len| item.bytes.get(..len));
    shared.look(|device| device.fleet.item.done(read));
    shared.tell();
}

/// Puts another server in place, and gives the one before.
fn exchange(device: &mut Device, change: FleetChange) -> FleetChange {
    let FleetChange { ticket, mut server } = change;
    core::mem::swap(&mut device.services.fleet_url, &mut server.url);
    core::mem::swap(&mut device.services.fleet_claim, &mut server.claim);
    FleetChange { ticket, server }
}
