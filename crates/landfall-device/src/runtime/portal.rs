//! The device as the HTTP server sees it.

use core::future::poll_fn;
use core::task::Poll;

use embassy_sync::blocking_mutex::raw::RawMutex;
use landfall_core::command::{Command, Door, PortalUse, Refusal, Reply};
use landfall_core::event::Record;
use landfall_core::time::Instant;

use super::{CallError, Clock, Confirm, Device, PutError, Wifi};
use crate::fleet::{self, Attended, NewMark};
use crate::http::{self, Unsaved, View};

/// Bound of the answer to a command of the portal: a scan may have to wait for a join.
const REPLY_MS: u32 = 10_000;

impl Device {
    /// Shows the device as it stands at that moment.
    pub(crate) fn viewed<R>(&self, now: Instant, read: impl FnOnce(&View<'_>) -> R) -> R {
        let manager = self.manager();
        let status = manager.status();
        read(&View {
            status: &status,
            wifi: manager.wifi(),
            services: &self.services,
            identity: manager.identity(),
            scan_rows: manager.scan_rows(),
            scan_age_ms: manager.scan_age_ms(now),
            clients: self.clients(),
            session: self.fleet.session_view(),
            now,
            busy: manager.is_busy(),
            proving: manager.is_proving(),
            probe_succeeds: manager.probe_succeeds(now),
            unpublished_lost: self.unpublished_lost(),
        })
    }
}

impl From<PutError> for Unsaved {
    fn from(error: PutError) -> Self {
        match error {
            PutError::Busy | PutError::Call(CallError::TooManyCalls) => Self::Busy,
            PutError::Invalid(error) => Self::Invalid(error),
            PutError::StoreFailed | PutError::Call(CallError::NotRunning | CallError::TimedOut) => {
                Self::StoreFailed
            }
        }
    }
}

impl<C: Clock, M: RawMutex> http::Device for Wifi<C, M> {
    fn with_view<R>(&self, read: impl FnOnce(&View<'_>) -> R) -> R {
        let now = self.shared().clock().now();
        let mut read = Some(read);
        let mut look = |device: &mut Device| Some(device.viewed(now, read.take()?));
        let seen = self.shared().look(&mut look).flatten();
        seen.unwrap_or_else(|| unreachable!("a server is started on a device that was built"))
    }

    async fn submit(&self, command: Command) -> Reply {
        match self.shared().command(Door::Http, command, REPLY_MS).await {
            Ok(reply) => reply,
            Err(CallError::NotRunning | CallError::TimedOut) => Reply::Refused(Refusal::SaveFailed),
            Err(CallError::TooManyCalls) => Reply::Refused(Refusal::Busy),
        }
    }

    async fn attend(&self, mark: NewMark) -> Attended {
        fleet::attend(self.shared(), mark).await
    }

    fn portal_use(&self, what: PortalUse) {
        self.shared().with(|device| device.portal(what));
    }

    fn confirm_config(&self) {
        self.shared().with(Device::confirm_config);
    }

    async fn put_config(&self, document: &[u8]) -> Result<(), Unsaved> {
        let put = self.shared().put_config(document, Confirm::Request).await;
        put.map_err(Unsaved::from)
    }

    async fn next_event(&self, seq: u32) -> Record {
        poll_fn(|cx| {
            self.shared().register(cx);
            let find = |device: &mut Device| device.history.resumed(seq).copied();
            match self.shared().look(find).flatten() {
                Some(record) => Poll::Ready(record),
                None => Poll::Pending,
            }
        })
        .await
    }
}
