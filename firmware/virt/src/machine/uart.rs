//! The serial port, a 16550: what a chip has as its console.

use core::convert::Infallible;
use core::future::poll_fn;
use core::task::Poll;

use embedded_io_async::{ErrorType, Read, Write};

use super::plic::Line;
use super::register::Register;

// SAFETY: the 16550's registers.
const DATA: Register<u8> = unsafe { Register::at(0x1000_0000) };
// SAFETY: see above.
const INTERRUPTS: Register<u8> = unsafe { Register::at(0x1000_0001) };
// SAFETY: see above.
const FIFO: Register<u8> = unsafe { Register::at(0x1000_0002) };
// SAFETY: see above.
const STATUS: Register<u8> = unsafe { Register::at(0x1000_0005) };
const LINE: Line = Line::new(10);

/// In `INTERRUPTS`: something came in.
const ON_RECEIVED: u8 = 1;
/// In `STATUS`: something is to be read, there is room for what is to be sent.
const RECEIVED: u8 = 1;
const EMPTY: u8 = 1 << 5;

/// The port's input.
#[derive(Debug)]
pub struct Input(());

/// The port's output.
#[derive(Debug)]
pub struct Output(());

/// The port. To be called once.
pub fn open() -> (Input, Output) {
    FIFO.write(1);
    INTERRUPTS.write(ON_RECEIVED);
    (Input(()), Output(()))
}

impl ErrorType for Input {
    type Error = Infallible;
}

impl Read for Input {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Infallible> {
        poll_fn(|cx| {
            LINE.register(cx.waker());
            let mut len = 0;
            for place in buf.iter_mut() {
                if STATUS.read() & RECEIVED == 0 {
                    break;
                }
                *place = DATA.read();
                len += 1;
            }
            if len == 0 && !buf.is_empty() {
                return Poll::Pending;
            }
            Poll::Ready(Ok(len))
        })
        .await
    }
}

impl ErrorType for Output {
    type Error = Infallible;
}

impl Write for Output {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Infallible> {
        for byte in buf {
            // QEMU takes each at once, but for a moment now and then.
            while STATUS.read() & EMPTY == 0 {
                embassy_futures::yield_now().await;
            }
            DATA.write(*byte);
        }
        Ok(buf.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
