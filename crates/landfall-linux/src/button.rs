//! The reset button, on a line of a GPIO chip (the character device, second version).

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use futures_lite::future;
use gpiocdev::async_io::AsyncRequest;
use gpiocdev::line::{Bias, EdgeDetection, EdgeKind};
use landfall_core::button::Button;
use landfall_device::runtime::{Clock, Device, Shared};

/// How long a contact bounces at most.
const DEBOUNCE: Duration = Duration::from_millis(10);

/// Where a button is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    chip: PathBuf,
    offset: u32,
}

/// A text that names no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotALine;

impl fmt::Display for NotALine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a chip and the number of its line, as gpiochip0:17")
    }
}

impl std::error::Error for NotALine {}

/// `gpiochip0:17`, or the chip by its path.
impl FromStr for Line {
    type Err = NotALine;

    fn from_str(text: &str) -> Result<Self, NotALine> {
        let (chip, offset) = text.rsplit_once(':').ok_or(NotALine)?;
        if chip.is_empty() {
            return Err(NotALine);
        }
        Ok(Self {
            // An absolute path stays what it is.
            chip: PathBuf::from("/dev").join(chip),
            offset: offset.parse().map_err(|_| NotALine)?,
        })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.chip.display(), self.offset)
    }
}

/// A button that is watched.
pub struct Watched(AsyncRequest);

impl Line {
    /// Takes the line, pulled up: the button pulls it low.
    ///
    /// # Errors
    /// There is no such line, or somebody has it.
    pub fn watch(&self) -> gpiocdev::Result<Watched> {
        let mut request = gpiocdev::Request::builder();
        request
            .with_consumer("landfalld")
            .on_chip(&self.chip)
            .with_line(self.offset)
            .as_input()
            .as_active_low()
            .with_bias(Bias::PullUp)
            .with_debounce_period(DEBOUNCE)
            .with_edge_detection(EdgeDetection::BothEdges);
        Ok(Watched(AsyncRequest::new(request.request()?)))
    }
}

impl Watched {
    /// Resets the device once for every hold that is long enough.
    pub async fn serve<C: Clock>(&self, shared: &'static Shared<C>) -> Infallible {
        let clock = shared.clock();
        let mut button = Button::new();
        loop {
            let due = async {
                match button.poll_timeout() {
                    Some(due) => clock.sleep_until(due).await,
                    None => future::pending().await,
                }
                None
            };
            let told = match future::or(async { Some(self.0.read_edge_event().await) }, due).await {
                // The line is active where it is low: rising means pressed.
                Some(Ok(edge)) => button.handle(edge.kind == EdgeKind::Rising, clock.now()),
                Some(Err(error)) => {
                    tracing::error!("the button is lost: {error}");
                    return future::pending().await;
                }
                None => button.handle_timeout(clock.now()),
            };
            if told.is_some() {
                shared.with(Device::long_press);
            }
        }
    }
}
