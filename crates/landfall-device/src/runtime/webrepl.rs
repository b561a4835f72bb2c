//! The device as the WebREPL server sees it.

use embassy_sync::blocking_mutex::raw::RawMutex;
use landfall_core::command::Door;
use landfall_core::event::Record;

use super::{Clock, Confirm, Wifi};
use crate::{http, webrepl};

impl<C: Clock, M: RawMutex> webrepl::Device for Wifi<C, M> {
    fn open_console(&self) -> bool {
        let now = self.shared().clock().now();
        let opened = self
            .shared()
            .with(|device| device.open_console(Door::WebRepl, now));
        opened.unwrap_or(false)
    }

    fn close_console(&self) {
        self.shared()
            .with(|device| device.close_console(Door::WebRepl));
    }

    fn type_in(&self, bytes: &[u8]) -> usize {
        let took = self
            .shared()
            .with(|device| device.type_in(Door::WebRepl, bytes));
        // A device that is not there takes no more than one that has no console.
        took.unwrap_or(bytes.len())
    }

    async fn printed(&self, buf: &mut [u8]) -> usize {
        let printed = |device: &mut super::Device| {
            Some(device.printed(Door::WebRepl, buf)).filter(|len| *len > 0)
        };
        let len = self.shared().wait_for(printed).await;
        // There is room again.
        self.shared().with(|_| ());
        len
    }

    fn event_at_or_after(&self, seq: u32) -> Option<Record> {
        let find = |device: &mut super::Device| device.history.at_or_after(seq).copied();
        self.shared().look(find).flatten()
    }

    fn last_event(&self) -> u32 {
        let last = |device: &mut super::Device| device.history.iter().last().map(|r| r.seq);
        self.shared().look(last).flatten().unwrap_or(0)
    }

    async fn save_config(&self, json: &[u8]) -> Result<(), http::Unsaved> {
        let put = self.shared().put_config(json, Confirm::Reach).await;
        put.map_err(http::Unsaved::from)
    }
}
