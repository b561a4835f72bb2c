//! The end: a device of the machine that resets it, or ends QEMU.

use super::register::Register;

// SAFETY: the machine's `sifive_test` device.
const FINISHER: Register<u32> = unsafe { Register::at(0x0010_0000) };
const PASS: u32 = 0x5555;
const FAIL: u32 = 0x3333;
const RESET: u32 = 0x7777;

/// Ends QEMU as a program that went well.
pub fn off() -> ! {
    finish(PASS)
}

/// Ends QEMU with status 1.
pub fn fail() -> ! {
    finish(1 << 16 | FAIL)
}

/// Resets the machine. RAM is loaded anew; what is on its disks stays.
pub fn reset() -> ! {
    finish(RESET)
}

fn finish(how: u32) -> ! {
    FINISHER.write(how);
    loop {
        riscv::asm::wfi();
    }
}
