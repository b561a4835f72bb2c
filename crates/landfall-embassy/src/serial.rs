//! A serial port: the console and Improv on it.

use embassy_futures::select::select;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embedded_io_async::{Read, Write};
use landfall_device::runtime::{Wifi, print_out, type_in};

use crate::EmbassyClock;

/// Serves the console and Improv at the serial port of that number, until one of its directions
/// ends. The console itself is opened where the device boots (`Device::open_console`), so that its
/// greeting is there.
pub async fn serve<M: RawMutex, R: Read, W: Write>(
    wifi: Wifi<EmbassyClock, M>,
    number: u8,
    input: R,
    output: W,
) {
    let shared = wifi.shared();
    let typed = type_in(shared, number, input, &EmbassyClock);
    // Either way there is no port any more.
    drop(select(typed, print_out(shared, number, output)).await);
}
