//! A network card, as embassy-net drives it: what the radio of a chip is for packets.

use core::task::Context;

use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState};
use virtio_drivers::device::net::{RxBuffer, TxBuffer, VirtIONet};

use super::virtio::{Bare, Device, Slot};

/// Packets that may wait to be taken.
const QUEUE: usize = 16;
/// Bytes of a frame with its header, whatever offloading the host offers.
const BUFFER_LEN: usize = 2048;
/// Bytes of a frame, without its checksum.
const FRAME_MAX: usize = 1514;

type Net = VirtIONet<Bare, Device, QUEUE>;

/// A network card.
pub struct Nic {
    slot: Slot,
    net: Net,
}

impl Nic {
    /// The card in that slot; none: there is none.
    pub fn open(slot: Slot) -> Option<Self> {
        let mut net = Net::new(slot.take()?, BUFFER_LEN).ok()?;
        net.enable_interrupts();
        Some(Self { slot, net })
    }

    /// Its hardware address.
    pub fn mac(&self) -> [u8; 6] {
        self.net.mac_address()
    }
}

impl Driver for Nic {
    type RxToken<'a> = Received<'a>;
    type TxToken<'a> = Room<'a>;

    fn receive(&mut self, cx: &mut Context<'_>) -> Option<(Received<'_>, Room<'_>)> {
        self.slot.acknowledge();
        self.slot.line().register(cx.waker());
        let packet = self.net.receive().ok()?;
        // A packet that is dropped is lost, as on the air; its buffer goes back at once.
        let received = Received(packet.packet().into(), core::marker::PhantomData);
        self.recycle(packet);
        Some((received, Room(&mut self.net)))
    }

    fn transmit(&mut self, _: &mut Context<'_>) -> Option<Room<'_>> {
        // The host takes a packet at once: there is always room.
        Some(Room(&mut self.net))
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
        HardwareAddress::Ethernet(self.mac())
    }
}

impl Nic {
    fn recycle(&mut self, packet: RxBuffer) {
        let taken = self.net.recycle_rx_buffer(packet);
        assert!(taken.is_ok(), "the queue has room for what came from it");
    }
}

/// A packet that came in.
pub struct Received<'a>(alloc::vec::Vec<u8>, core::marker::PhantomData<&'a mut ()>);

impl embassy_net_driver::RxToken for Received<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(mut self, take: F) -> R {
        take(&mut self.0)
    }
}

/// Room for a packet that goes out.
pub struct Room<'a>(&'a mut Net);

impl embassy_net_driver::TxToken for Room<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, fill: F) -> R {
        let mut packet: TxBuffer = self.0.new_tx_buffer(len);
        let filled = fill(packet.packet_mut());
        // One that the host does not take is lost, as on the air.
        let _ = self.0.send(packet);
        filled
    }
}
