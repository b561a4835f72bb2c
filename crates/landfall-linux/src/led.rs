//! The LED, by its file in sysfs.

use std::convert::Infallible;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use futures_lite::future;
use landfall_device::runtime::{Clock, Shared};

/// Where the LEDs of the system are.
pub const FOLDER: &str = "/sys/class/leds";

/// An LED that is ours; it gets back what lit it before.
#[derive(Debug)]
pub struct Led {
    folder: PathBuf,
    /// How bright it can be.
    full: String,
    /// What lit it before.
    trigger: Option<String>,
}

impl Led {
    /// Takes the LED of that name below `folder`.
    ///
    /// # Errors
    /// There is none of that name, or it is not for us.
    pub fn take(folder: &Path, name: &str) -> io::Result<Self> {
        if name.contains('/') || name.starts_with('.') {
            return Err(io::ErrorKind::NotFound.into());
        }
        let folder = folder.join(name);
        let full = fs::read_to_string(folder.join("max_brightness"))?;
        let triggers = fs::read_to_string(folder.join("trigger")).unwrap_or_default();
        let before = triggers
            .split_whitespace()
            .find_map(|word| word.strip_prefix('[')?.strip_suffix(']'));
        let led = Self {
            full: full.trim_end().to_owned(),
            trigger: before.filter(|name| *name != "none").map(str::to_owned),
            folder,
        };
        if led.trigger.is_some() {
            fs::write(led.folder.join("trigger"), "none")?;
        }
        led.light(false)?;
        Ok(led)
    }

    fn light(&self, on: bool) -> io::Result<()> {
        let value = if on { self.full.as_str() } else { "0" };
        fs::write(self.folder.join("brightness"), value)
    }

    /// Shows how the device stands.
    pub async fn serve<C: Clock>(&self, shared: &'static Shared<C>) -> Infallible {
        let Some(mut changes) = shared.led() else {
            return future::pending().await;
        };
        let clock = shared.clock();
        let mut lit = false;
        loop {
            let blinker = shared.blinker();
            let now = clock.now();
            if blinker.is_on(now) != lit {
                lit = !lit;
                if let Err(error) = self.light(lit) {
                    tracing::error!("the LED is lost: {error}");
                    return future::pending().await;
                }
            }
            let edge = async {
                match blinker.next_edge(now) {
                    Some(edge) => clock.sleep_until(edge).await,
                    None => future::pending().await,
                }
            };
            let changed = async {
                let _ = changes.changed().await;
            };
            future::or(changed, edge).await;
        }
    }
}

impl Drop for Led {
    fn drop(&mut self) {
        // The LED may be gone with its board.
        let _ = self.light(false);
        if let Some(trigger) = &self.trigger {
            let _ = fs::write(self.folder.join("trigger"), trigger);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_led_is_taken_and_given_back() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("ACT");
        fs::create_dir(&folder).unwrap();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        fs::write(folder.join("max_brightness"), "255\n").unwrap();
        fs::write(folder.join("trigger"), "none [mmc0] heartbeat\n").unwrap();
        let led = Led::take(root.path(), "ACT").unwrap();
        assert_eq!(
            (read("trigger"), read("brightness")),
            ("none".into(), "0".into())
        );
        led.light(true).unwrap();
        assert_eq!(read("brightness"), "255");
        drop(led);
        assert_eq!(
            (read("trigger"), read("brightness")),
            ("mmc0".into(), "0".into())
        );
        assert!(Led::take(root.path(), "none").is_err());
        assert!(Led::take(root.path(), "../ACT").is_err());
    }
}
