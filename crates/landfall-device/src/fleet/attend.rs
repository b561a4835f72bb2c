//! A student at the door: the mark goes to the server at once, and into flash where that takes too
//! long for somebody who stands there.

use core::net::IpAddr;

use embassy_sync::blocking_mutex::raw::RawMutex;
use landfall_core::net::Mac;
use landfall_protocol::message::MarkResult;

use super::marks::{Attended, NewMark, Ticket};
use crate::runtime::{Clock, Device, Shared};

/// How long a student waits for the server's word.
const SERVER_MS: u32 = 3_000;
/// Bound of the flash's.
const FLASH_MS: u32 = 10_000;

/// Takes a mark.
pub(crate) async fn attend<C: Clock, M: RawMutex>(
    shared: &Shared<C, M>,
    mark: NewMark,
) -> Attended {
    let now = shared.clock().now();
    let peer = mark.peer;
    let begun = shared.with(|device| {
        let session_id = device.fleet.session.as_ref().ok_or(Attended::NoSession)?.id;
        let station = station(device, peer);
        let marks = &mut device.fleet.marks;
        let ticket = marks.add(&mark, session_id, station, now.as_ms());
        ticket.ok_or(Attended::Full)
    });
    let ticket = match begun {
        None => return Attended::NoSession,
        Some(Err(refused)) => return refused,
        Some(Ok(ticket)) => ticket,
    };
    let _standing = Standing { shared, ticket };
    let judged = |device: &mut Device| device.fleet.marks.take_result(ticket);
    if let Ok(result) = shared.until(SERVER_MS, judged).await {
        if matches!(result, MarkResult::Recorded | MarkResult::AlreadyRecorded) {
            has_marked(shared, peer);
        }
        return Attended::Judged(result);
    }
    shared.with(|device| device.fleet.marks.leave(ticket));
    let kept = |device: &mut Device| match device.fleet.marks.get_mut(ticket) {
        // The server's word came at last; it will be told so when the student asks again.
        None => Some(Attended::Kept),
        Some(waiting) if waiting.lost => Some(Attended::Lost),
        Some(waiting) if waiting.kept => Some(Attended::Kept),
        Some(_) => None,
    };
    let attended = shared.until(FLASH_MS, kept).await.unwrap_or(Attended::Lost);
    if attended == Attended::Kept {
        has_marked(shared, peer);
    }
    attended
}

/// What stands for the phone that marks: the one that was lent the address, or the only one there is.
fn station(device: &Device, peer: IpAddr) -> Option<Mac> {
    let lent = device.fleet.phone_at(peer);
    let known = lent.and_then(|phone| device.fleet.known_mask(phone));
    known.or(match device.clients().as_slice() {
        [only] => Some(only.mac),
        [] | [_, ..] => None,
    })
}

/// Whoever asks from there has marked: their system's probes succeed now, and their phone is let go.
fn has_marked<C: Clock, M: RawMutex>(shared: &Shared<C, M>, peer: IpAddr) {
    let now = shared.clock().now();
    shared.with(|device| {
        device.fleet.has_marked(peer);
        if let Some(shown) = station(device, peer) {
            let phone = device.fleet.phone(shown);
            device.fleet.lets_go(phone, now);
        }
    });
}

/// Somebody stands there for a mark; who leaves leaves the mark to the flash.
struct Standing<'s, C, M: RawMutex> {
    shared: &'s Shared<C, M>,
    ticket: Ticket,
}

impl<C, M: RawMutex> Drop for Standing<'_, C, M> {
    fn drop(&mut self) {
        let ticket = self.ticket;
        self.shared.with(|device| device.fleet.marks.leave(ticket));
    }
}
