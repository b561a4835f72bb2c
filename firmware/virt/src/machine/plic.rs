//! Interrupts of devices: each wakes the task that waits for its device.

use embassy_sync::waitqueue::AtomicWaker;
use riscv::interrupt::Interrupt;

use super::register::Register;

/// Numbers from 1 to this may be waited for.
const NUMBERS: usize = 16;

// SAFETY: the PLIC's registers of hart 0 in machine mode.
const ENABLE: Register<u32> = unsafe { Register::at(0x0c00_2000) };
// SAFETY: see above.
const THRESHOLD: Register<u32> = unsafe { Register::at(0x0c20_0000) };
// SAFETY: see above.
const CLAIM: Register<u32> = unsafe { Register::at(0x0c20_0004) };
const PRIORITIES: usize = 0x0c00_0000;

static WAITING: [AtomicWaker; NUMBERS] = [const { AtomicWaker::new() }; NUMBERS];

/// An interrupt that is masked when it comes, until it is waited for again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line(u32);

impl Line {
    /// The interrupt of that number, from 1 to 15.
    pub(super) const fn new(number: u32) -> Self {
        assert!(number > 0 && (number as usize) < NUMBERS);
        Self(number)
    }

    /// Wakes that task at the interrupt. Whoever calls this looks at the device afterwards: what
    /// came before does not interrupt again.
    pub(super) fn register(self, waker: &core::task::Waker) {
        WAITING[self.0 as usize].register(waker);
        // SAFETY: the PLIC has a priority for each number.
        let priority = unsafe { Register::<u32>::at(PRIORITIES + 4 * self.0 as usize) };
        priority.write(1);
        critical_section::with(|_| ENABLE.write(ENABLE.read() | 1 << self.0));
    }
}

/// Lets devices interrupt. To be called once.
pub(super) fn init() {
    THRESHOLD.write(0);
    ENABLE.write(0);
    // SAFETY: the handler is below, and only masks and wakes.
    unsafe { riscv::interrupt::enable_interrupt(Interrupt::MachineExternal) };
}

#[riscv_rt::core_interrupt(Interrupt::MachineExternal)]
fn external() {
    loop {
        let number = CLAIM.read();
        if number == 0 {
            return;
        }
        // The line stays up until the device was looked at: without the mask it would interrupt
        // for ever.
        ENABLE.write(ENABLE.read() & !(1 << number));
        CLAIM.write(number);
        if let Some(waiting) = WAITING.get(number as usize) {
            waiting.wake();
        }
    }
}
