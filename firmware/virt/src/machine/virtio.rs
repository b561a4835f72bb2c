//! The slots of the machine that virtio devices are in, and what their drivers need of it.

use core::alloc::Layout;
use core::ptr::NonNull;

use virtio_drivers::device::rng::VirtIORng;
use virtio_drivers::transport::mmio::{MmioTransport, VirtIOHeader};
use virtio_drivers::{BufferDirection, Hal, PAGE_SIZE, PhysAddr};

use super::plic::Line;
use super::register::Register;

const FIRST: usize = 0x1000_1000;
const SLOT_LEN: usize = 0x1000;
const FIRST_LINE: u32 = 1;

/// Where the station's network is plugged in: `bus=virtio-mmio-bus.0` of QEMU.
pub const STATION: Slot = Slot(0);
/// Where the access point's network is.
pub const ACCESS_POINT: Slot = Slot(1);
/// Where the disk is that stands for the flash.
pub const DISK: Slot = Slot(2);
/// Where random numbers come from.
pub const RANDOM: Slot = Slot(3);

/// A slot of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Slot(usize);

/// A device in a slot.
pub(super) type Device = MmioTransport<'static>;

impl Slot {
    const fn address(self) -> usize {
        FIRST + self.0 * SLOT_LEN
    }

    /// Takes the device in it; none: nothing is plugged in. To be called once for a slot.
    pub(super) fn take(self) -> Option<Device> {
        let header = NonNull::new(core::ptr::with_exposed_provenance_mut::<VirtIOHeader>(
            self.address(),
        ))?;
        // SAFETY: the machine has eight such regions, and this one is taken once.
        unsafe { MmioTransport::new(header, SLOT_LEN) }.ok()
    }

    pub(super) fn line(self) -> Line {
        Line::new(FIRST_LINE + self.0 as u32)
    }

    /// Tells the device that its interrupt was seen.
    pub(super) fn acknowledge(self) {
        // SAFETY: the device's registers `InterruptStatus` and `InterruptACK`.
        let status = unsafe { Register::<u32>::at(self.address() + 0x60) };
        // SAFETY: see above.
        let acknowledged = unsafe { Register::<u32>::at(self.address() + 0x64) };
        acknowledged.write(status.read());
    }
}

/// Fills a buffer with random bytes of the host; false: there are none.
pub fn random(bytes: &mut [u8]) -> bool {
    let Some(mut source) = RANDOM.take().and_then(|device| Random::new(device).ok()) else {
        return false;
    };
    bytes.is_empty() || source.request_entropy(bytes) == Ok(bytes.len())
}

type Random = VirtIORng<Bare, Device>;

/// Memory is where it is, and devices see all of it.
#[derive(Debug)]
pub(super) struct Bare;

// SAFETY: memory of the heap is at its own address for every device, is aligned to pages and
// zeroed, and nobody else's until it is given back.
unsafe impl Hal for Bare {
    fn dma_alloc(pages: usize, _: BufferDirection) -> (PhysAddr, NonNull<u8>) {
        let layout = layout(pages);
        // SAFETY: the layout is not empty; no driver asks for no pages.
        let memory = unsafe { alloc::alloc::alloc_zeroed(layout) };
        let memory =
            NonNull::new(memory).unwrap_or_else(|| alloc::alloc::handle_alloc_error(layout));
        (memory.as_ptr().expose_provenance() as PhysAddr, memory)
    }

    unsafe fn dma_dealloc(_: PhysAddr, memory: NonNull<u8>, pages: usize) -> i32 {
        // SAFETY: it comes from above, with as many pages.
        unsafe { alloc::alloc::dealloc(memory.as_ptr(), layout(pages)) };
        0
    }

    unsafe fn mmio_phys_to_virt(address: PhysAddr, _: usize) -> NonNull<u8> {
        // For devices on PCI, of which this machine takes none.
        let memory = core::ptr::with_exposed_provenance_mut(address as usize);
        NonNull::new(memory).unwrap_or(NonNull::dangling())
    }

    unsafe fn share(buffer: NonNull<[u8]>, _: BufferDirection) -> PhysAddr {
        buffer.cast::<u8>().as_ptr().expose_provenance() as PhysAddr
    }

    unsafe fn unshare(_: PhysAddr, _: NonNull<[u8]>, _: BufferDirection) {}
}

fn layout(pages: usize) -> Layout {
    Layout::from_size_align(pages * PAGE_SIZE, PAGE_SIZE)
        .unwrap_or_else(|_| unreachable!("a few pages"))
}
