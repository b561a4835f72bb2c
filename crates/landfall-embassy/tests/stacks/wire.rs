//! Two network cards and the wire between them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Waker};

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};

/// Bytes of a frame.
const FRAME_MAX: usize = 1514;

/// Frames on their way in one direction, and who waits for them.
#[derive(Default)]
struct Way {
    frames: VecDeque<Vec<u8>>,
    waiting: Option<Waker>,
}

/// A card at one end.
pub(crate) struct Card {
    mac: [u8; 6],
    comes: Rc<RefCell<Way>>,
    goes: Rc<RefCell<Way>>,
}

/// A wire with a card at each end.
pub(crate) fn wire() -> (Card, Card) {
    let (there, back) = (Rc::<RefCell<Way>>::default(), Rc::<RefCell<Way>>::default());
    let card = |last, comes: &Rc<RefCell<Way>>, goes: &Rc<RefCell<Way>>| Card {
        mac: [2, 0, 0, 0, 0, last],
        comes: Rc::clone(comes),
        goes: Rc::clone(goes),
    };
    (card(1, &back, &there), card(2, &there, &back))
}

impl Driver for Card {
    type RxToken<'a> = Received;
    type TxToken<'a> = Room;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received, Room)> {
        let mut comes = self.comes.borrow_mut();
        comes.waiting = Some(cx.waker().clone());
        let frame = comes.frames.pop_front()?;
        Some((Received(frame), Room(Rc::clone(&self.goes))))
    }

    fn transmit(&mut self, _: &mut Context<'_>) -> Option<Room> {
        Some(Room(Rc::clone(&self.goes)))
    }

    fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
        LinkState::Up
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.max_transmission_unit = FRAME_MAX;
        capabilities
    }

    fn hardware_address(&self) -> HardwareAddress {
        HardwareAddress::Ethernet(self.mac)
    }
}

/// A frame that came in.
pub(crate) struct Received(Vec<u8>);

impl RxToken for Received {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, take: F) -> R {
        take(&mut self.0)
    }
}

/// Room for a frame that goes out.
pub(crate) struct Room(Rc<RefCell<Way>>);

impl TxToken for Room {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, fill: F) -> R {
        let mut frame = vec![0; len];
        let filled = fill(&mut frame);
        let mut way = self.0.borrow_mut();
        way.frames.push_back(frame);
        if let Some(waiting) = way.waiting.take() {
            waiting.wake();
        }
        filled
    }
}
