//! How a device is brought to life: read the store, know who it is, claim the radio.

use embassy_sync::blocking_mutex::raw::RawMutex;
use landfall_core::config::stored::Stored as Pieces;
use landfall_core::config::{AP_SECRET_ALPHABET, Identity, Warning};
use landfall_core::console::Jitter;
use landfall_core::event::{CrashCause, Event, Place};
use landfall_core::manager::{Boot, Manager};
use landfall_core::net::{Mac, Passphrase};
use landfall_core::time::Instant;

use super::hooks::Hook;
use super::{Clock, Device, LoadError, Radio, Runner, Shared, Storage, Stored};

/// The family of the chip where the builder is not told: hosts know theirs.
const CHIP: &str = if cfg!(target_os = "linux") {
    "Linux"
} else {
    "unknown"
};
/// Characters of a generated access point key.
const AP_SECRET_LEN: usize = 12;

/// Why no device was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// The radio carries a device already: use the handle on that one.
    AlreadyBuilt,
    /// The store could not be read: look at the flash or the file.
    Load(LoadError),
    /// The system has no random numbers to make a key of: see that its random source works.
    NoEntropy,
}

impl core::fmt::Display for BuildError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::AlreadyBuilt => f.write_str("this radio carries a device already: use that one"),
            Self::Load(error) => error.fmt(f),
            Self::NoEntropy => f.write_str("no random numbers: see that the system has a source"),
        }
    }
}

impl core::error::Error for BuildError {}

/// Collects what a device is made of.
#[derive(Debug)]
pub struct Builder<S = ()> {
    mac: Mac,
    entropy: [u8; 16],
    /// Whether that is random enough for a key.
    is_random: bool,
    safe_mode: bool,
    publisher: Option<Hook>,
    chip: &'static str,
    crash: Option<(CrashCause, Place)>,
    jitter: Option<fn() -> Jitter>,
    store: S,
}

impl Builder {
    /// A device with that hardware address. The entropy makes the key of its access point at its
    /// first boot, and the jitter of its attempts: take it from the chip's random source.
    pub fn new(mac: Mac, entropy: [u8; 16]) -> Self {
        Self {
            mac,
            entropy,
            is_random: true,
            safe_mode: false,
            publisher: None,
            chip: CHIP,
            crash: None,
            jitter: None,
            store: (),
        }
    }
}

impl<S> Builder<S> {
    /// Where its configuration is kept.
    pub fn storage<T: Storage>(self, store: T) -> Builder<T> {
        Builder {
            mac: self.mac,
            entropy: self.entropy,
            is_random: self.is_random,
            safe_mode: self.safe_mode,
            publisher: self.publisher,
            chip: self.chip,
            crash: self.crash,
            jitter: self.jitter,
            store,
        }
    }

    /// Who is told of every event, of both levels, beside the callbacks. It is called by the runner
    /// and must not wait.
    #[must_use]
    pub fn publisher(mut self, hook: impl Into<Hook>) -> Self {
        self.publisher = Some(hook.into());
        self
    }

    /// No key may be made of the entropy: a device that has none yet is not built.
    #[must_use]
    pub fn without_entropy(mut self) -> Self {
        self.is_random = false;
        self
    }

    /// The family of its chip as tools know it, `ESP32-C3`: what an Improv client is told.
    #[must_use]
    pub fn chip(mut self, name: &'static str) -> Self {
        self.chip = name;
        self
    }

    /// How the start before this one crashed, and where: the first of its events, for whoever asks later.
    #[must_use]
    pub fn crashed(mut self, cause: CrashCause, place: Place) -> Self {
        self.crash = Some((cause, place));
        self
    }

    /// Where the jitter of its steps is read, for `NET:JITTER`. Called under the device's lock: it must not wait.
    #[must_use]
    pub fn jitter(mut self, read: fn() -> Jitter) -> Self {
        self.jitter = Some(read);
        self
    }

    /// Whether it starts with nothing but its access point, because the last starts crashed.
    #[must_use]
    pub fn safe_mode(mut self, safe: bool) -> Self {
        self.safe_mode = safe;
        self
    }
}

impl<S: Storage> Builder<S> {
    /// Reads the store and makes the device; `warn` is told what in the store is not right.
    ///
    /// # Errors
    /// One radio carries one device: while a runner lives on that [`Shared`], a second one is
    /// refused. A store that cannot be read at all.
    pub async fn build<R: Radio, C: Clock, M: RawMutex>(
        mut self,
        shared: &'static Shared<C, M>,
        radio: R,
        warn: &mut dyn FnMut(&Warning<'_>),
    ) -> Result<Runner<R, S, C, M>, BuildError> {
        if !shared.claim() {
            return Err(BuildError::AlreadyBuilt);
        }
        let claim = Claim(shared);
        let stored = self.store.load(warn).await.map_err(BuildError::Load)?;
        let is_first = stored.ap_secret.is_none();
        if is_first && !self.is_random {
            return Err(BuildError::NoEntropy);
        }
        let identity = shared.identity(|| Identity {
            mac: self.mac,
            ap_secret: match &stored.ap_secret {
                Some(secret) => secret.clone(),
                None => make_secret(&self.entropy),
            },
            ap_prefix: stored.ap_prefix.clone(),
        });
        if let Some(hook) = self.publisher.take() {
            shared.hooks(|hooks| hooks.publisher = Some(hook));
        }
        let seed = jitter_seed(self.mac, &self.entropy);
        let made = Made {
            identity,
            seed,
            chip: self.chip,
            jitter: self.jitter,
        };
        let now = shared.clock().now();
        shared.install(|slot| place(slot, stored, made, self.safe_mode, now));
        self.store.forget();
        if is_first {
            // Where it cannot be stored the device still comes up, with a key that lasts until the next boot.
            let _ = self.store.keep_secret(&identity.ap_secret).await;
        }
        if let Some((cause, place)) = self.crash {
            shared.look(|device| device.note(Event::Crashed { cause, place }, now));
        }
        Ok(Runner::new(claim, radio, self.store, made))
    }
}

/// What a device is at every boot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    identity: &'static Identity,
    /// Of its jitter.
    seed: u64,
    pub(super) chip: &'static str,
    pub(super) jitter: Option<fn() -> Jitter>,
}

/// Puts the device in place as it boots from what was stored, which it takes.
#[inline(never)]
pub(super) fn place(
    slot: &mut Option<Device>,
    stored: &mut Stored,
    made: Made,
    safe_mode: bool,
    now: Instant,
) {
    let trial = Device::trial_of(stored, safe_mode, now);
    let manager = boot(stored, made, safe_mode);
    let services = core::mem::take(&mut stored.pieces.config.services);
    // What was there goes first: there is room for one.
    *slot = None;
    *slot = Some(Device::new(manager, services, trial, made));
}

/// The machine as it boots.
// On its own: what it takes of a chip's stack is not beneath what comes next.
#[inline(never)]
fn boot(stored: &mut Stored, made: Made, safe_mode: bool) -> Manager {
    let Pieces {
        config,
        candidate,
        last_good,
    } = &mut stored.pieces;
    Manager::new(Boot {
        wifi: core::mem::take(&mut config.wifi),
        candidate: *candidate,
        last_good: *last_good,
        identity: made.identity,
        safe_mode,
        probe_internet: !config.services.internet_probe_url.is_empty(),
        seed: made.seed,
    })
}

/// Holds a radio's place. Gives it back where a build ends early, its future dropped included, and
/// when the runner goes.
pub(super) struct Claim<C: 'static, M: RawMutex + 'static>(pub(super) &'static Shared<C, M>);

impl<C, M: RawMutex> Drop for Claim<C, M> {
    fn drop(&mut self) {
        self.0.release();
    }
}

/// Twelve characters out of 32: five bits of each byte, so that every one is as likely as another.
fn make_secret(entropy: &[u8; 16]) -> Passphrase {
    let mut text = [0; AP_SECRET_LEN];
    for (character, byte) in text.iter_mut().zip(entropy) {
        *character = AP_SECRET_ALPHABET[usize::from(byte & 31)];
    }
    Passphrase::new(&text).unwrap_or_else(|_| unreachable!("12 printable characters"))
}

/// The device's own jitter: two with the same entropy (none) still differ by their address.
fn jitter_seed(mac: Mac, entropy: &[u8; 16]) -> u64 {
    let [a, b, c, d, e, f] = mac.0;
    let mut low = [0; 8];
    low.copy_from_slice(&entropy[8..]);
    u64::from_le_bytes(low) ^ u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

#[cfg(test)]
mod tests {
    use landfall_core::net::KeyMaterial;

    use super::*;

    #[test]
    fn a_secret_is_twelve_characters_of_the_alphabet() {
        let entropy = core::array::from_fn(|i| (i * 37) as u8);
        let secret = make_secret(&entropy);
        let KeyMaterial::Phrase(text) = secret.material() else {
            panic!("a phrase");
        };
        assert_eq!(text.len(), AP_SECRET_LEN);
        assert!(text.bytes().all(|b| AP_SECRET_ALPHABET.contains(&b)));
        assert_ne!(secret, make_secret(&[7; 16]));
    }
}
