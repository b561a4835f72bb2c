//! Time: the driver of embassy over the machine's timer, which counts from power-on.

use core::cell::RefCell;
use core::task::Waker;

use critical_section::Mutex;
use embassy_time_driver::{Driver, TICK_HZ};
use embassy_time_queue_utils::Queue;
use riscv::interrupt::Interrupt;

use super::register::Register;

/// What the timer counts in a second.
const TIMER_HZ: u64 = 10_000_000;
/// Counts of the timer in one of embassy's ticks.
const COUNTS: u64 = TIMER_HZ / TICK_HZ;

// SAFETY: the CLINT's registers: the moment of the next interrupt of hart 0, and now.
const COMPARE_LOW: Register<u32> = unsafe { Register::at(0x0200_4000) };
// SAFETY: see above.
const COMPARE_HIGH: Register<u32> = unsafe { Register::at(0x0200_4004) };
// SAFETY: see above.
const NOW_LOW: Register<u32> = unsafe { Register::at(0x0200_bff8) };
// SAFETY: see above.
const NOW_HIGH: Register<u32> = unsafe { Register::at(0x0200_bffc) };

struct Clint {
    queue: Mutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static DRIVER: Clint = Clint {
    queue: Mutex::new(RefCell::new(Queue::new())),
});

impl Driver for Clint {
    fn now(&self) -> u64 {
        counted() / COUNTS
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|cs| {
            if self.queue.borrow_ref_mut(cs).schedule_wake(at, waker) {
                self.expire(cs);
            }
        });
    }
}

impl Clint {
    /// Wakes who is due, and sets the interrupt for the next.
    fn expire(&self, cs: critical_section::CriticalSection<'_>) {
        let next = self.queue.borrow_ref_mut(cs).next_expiration(self.now());
        // A moment that has passed meanwhile interrupts at once.
        set_compare(next.saturating_mul(COUNTS));
    }
}

/// Lets the timer interrupt. To be called once interrupts are wanted.
pub fn init() {
    set_compare(u64::MAX);
    // SAFETY: the handler is below, and only wakes.
    unsafe { riscv::interrupt::enable_interrupt(Interrupt::MachineTimer) };
}

#[riscv_rt::core_interrupt(Interrupt::MachineTimer)]
fn timer() {
    critical_section::with(|cs| DRIVER.expire(cs));
}

/// The timer, read in two halves between which it may go on.
fn counted() -> u64 {
    loop {
        let high = NOW_HIGH.read();
        let low = NOW_LOW.read();
        if NOW_HIGH.read() == high {
            return u64::from(high) << 32 | u64::from(low);
        }
    }
}

/// In an order that lets no moment in between be an early one.
fn set_compare(at: u64) {
    COMPARE_HIGH.write(u32::MAX);
    COMPARE_LOW.write(at as u32);
    COMPARE_HIGH.write((at >> 32) as u32);
}
