//! Between a serial port and the console and the Improv client that share it.

use core::pin::pin;

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embedded_io_async::{Read, Write};
use landfall_core::command::Door;
use landfall_core::improv::SILENCE_MS;

use super::{Clock, Shared};
use crate::http::Timer;

/// Bytes read from the port at once.
const TYPED_MAX: usize = 256;
/// Bytes printed on the port at once.
const PRINTED_MAX: usize = 256;
/// How soon bytes are handed in again that a busy console did not take.
const RETRY_MS: u32 = 10;

/// Carries what comes in at the serial port of that number, and tells when it falls silent. Ends
/// where the port does. What the device prints there, [`print_out`] fetches.
///
/// # Errors
/// The port's own.
pub async fn type_in<C, M: RawMutex, R: Read>(
    shared: &Shared<C, M>,
    number: u8,
    mut port: R,
    timer: &impl Timer,
) -> Result<(), R::Error> {
    let door = Door::Serial(number);
    let mut buf = [0; TYPED_MAX];
    loop {
        let len = {
            let mut read = pin!(port.read(&mut buf));
            loop {
                if shared.look(|device| device.awaits_silence(door)) != Some(true) {
                    break read.await?;
                }
                // Bytes that are there count, however late this task is.
                match select(read.as_mut(), timer.sleep_ms(SILENCE_MS)).await {
                    Either::First(len) => break len?,
                    Either::Second(()) => drop(shared.with(|device| device.silence(door))),
                }
            }
        };
        if len == 0 {
            return Ok(());
        }
        let mut typed = &buf[..len];
        while !typed.is_empty() {
            let took = shared.with(|device| device.type_in(door, typed));
            typed = &typed[took.unwrap_or(0).min(typed.len())..];
            if !typed.is_empty() {
                timer.sleep_ms(RETRY_MS).await;
            }
        }
    }
}

/// Carries what the device prints at the serial port of that number, as fast as the port takes it.
/// Ends where the port does, and gives its error.
pub async fn print_out<C: Clock, M: RawMutex, W: Write>(
    shared: &Shared<C, M>,
    number: u8,
    mut port: W,
) -> W::Error {
    let door = Door::Serial(number);
    let mut buf = [0; PRINTED_MAX];
    loop {
        let len = shared
            .wait_for(|device| Some(device.printed(door, &mut buf)).filter(|len| *len > 0))
            .await;
        if let Err(error) = port.write_all(&buf[..len]).await {
            return error;
        }
        // There is room again.
        shared.with(|_| ());
    }
}
