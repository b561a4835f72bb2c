//! A panic: said on QEMU's standard error, then the end.

use core::panic::PanicInfo;

use super::power;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    semihosting::eprintln!("{info}");
    power::fail()
}
