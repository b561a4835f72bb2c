//! What every program does first.

use super::{clint, heap, plic};

/// Makes the heap, and lets the timer and devices interrupt. To be called once, first of all.
pub fn start() {
    heap::init();
    clint::init();
    plic::init();
    // SAFETY: no critical section is open, and every interrupt that is let in has its handler.
    unsafe { riscv::interrupt::enable() };
}
