//! The heap: for the virtual air, the network cards and the journals of scenarios. What a device
//! runs takes nothing of it.

use core::mem::MaybeUninit;

use embedded_alloc::LlffHeap;

/// Bytes of it: the longest journal of a scenario grows to a few hundred kilobytes, and a growing
/// text is there twice for a moment.
const LEN: usize = 8 * 1024 * 1024;

/// Its memory, by a name that `cargo xtask virt` leaves out of what a device takes.
static mut LANDFALL_VIRT_HEAP: [MaybeUninit<u8>; LEN] = [MaybeUninit::uninit(); LEN];

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

/// Makes the heap. To be called once, first of all.
pub fn init() {
    // SAFETY: called once, before anything allocates; the memory is named nowhere else.
    unsafe { HEAP.init((&raw mut LANDFALL_VIRT_HEAP) as usize, LEN) }
}

/// Bytes of it that are taken now.
pub fn used() -> usize {
    HEAP.used()
}
