//! Writes an answer a piece at a time, and closes a connection so that it arrives.

use edge_nal::{Close, TcpShutdown};
use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};
use zeroize::Zeroize;

use super::answer::{Response, Window};
use super::view::Timer;

/// Time for a client to hear the last of an answer before its connection goes.
const LINGER_MS: u32 = 1_000;

/// Closes a connection so that its last answer arrives: closing with unread bytes around would
/// reset it, and the client might never see why.
pub(crate) async fn finish<S, T: Timer>(io: &mut S, timer: &T, scratch: &mut [u8])
where
    S: Read + TcpShutdown,
{
    let closing = async {
        io.close(Close::Write).await.is_ok()
            && loop {
                match io.read(scratch).await {
                    Ok(0) => break true,
                    Ok(_) => {}
                    Err(_) => break false,
                }
            }
    };
    let closed = select(closing, timer.sleep_ms(LINGER_MS)).await;
    if !matches!(closed, Either::First(true)) {
        // Nothing is left to be done where even that fails.
        let _ = io.abort().await;
    }
    scratch.zeroize();
}

/// Writes an answer, as much at a time as fits `window`.
pub(crate) async fn send<S: Write>(
    io: &mut S,
    response: &Response,
    is_head: bool,
    keep_alive: bool,
    window: &mut [u8],
) -> Result<(), S::Error> {
    let mut sent = 0;
    loop {
        let mut piece = Window::new(sent, window);
        // A window takes everything and keeps its part.
        let _ = response.write_head(&mut piece, keep_alive);
        if !is_head {
            let _ = response.body.write(&mut piece);
        }
        let len = piece.len();
        io.write_all(&window[..len]).await?;
        sent += len;
        if len < window.len() {
            break;
        }
    }
    if let Some(page) = response.body.page().filter(|_| !is_head) {
        io.write_all(page).await?;
    }
    io.flush().await
}
