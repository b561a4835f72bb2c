//! The heap: for the virtual air alone. What a device runs takes nothing of it.

use core::mem::MaybeUninit;

use embedded_alloc::LlffHeap;

#[global_allocator]
static HEAP: LlffHeap = LlffHeap::empty();

/// Bytes of it: the longest journal of a scenario grows to a few hundred kilobytes, and a growing
/// text is there twice for a moment.
const LEN: usize = 8 * 1024 * 1024;

/// Makes the heap. To be called once, first of all.
pub fn init() {
    static mut MEMORY: [MaybeUninit<u8>; LEN] = [MaybeUninit::uninit(); LEN];
    // SAFETY: called once, before anything allocates; the memory is named nowhere else.
    unsafe { HEAP.init((&raw mut MEMORY) as usize, LEN) }
}

/// Bytes of it that are taken now.
pub fn used() -> usize {
    HEAP.used()
}
