//! What a store is to the runner: something that gives everything at boot and takes pieces later.

use heapless::String;
use landfall_core::config::stored::Stored as Pieces;
use landfall_core::config::{AP_PREFIX_MAX, ConfigRef, Defaults, Services, Warning};
use landfall_core::manager::{Manager, StoreFailed, StoreOp};
use landfall_core::net::Passphrase;

use super::LoadError;
use crate::store::Key;

/// Where the configuration is kept: flash on chips, a file on hosts.
///
/// A piece is taken in two steps, because it is read from the machine under the device's lock and
/// written without it.
pub trait Storage {
    /// Reads everything, to a place of the store's own: a chip's stack has none. A blank store gives
    /// the defaults; what is wrong in a piece is left at its default, with a warning.
    fn load(
        &mut self,
        warn: &mut dyn FnMut(&Warning<'_>),
    ) -> impl Future<Output = Result<&mut Stored, LoadError>>;

    /// Drops what was read last: it holds secrets, and was taken up.
    fn forget(&mut self);

    /// Takes one piece into the store's own buffer. Called under the device's lock: encodes, writes nothing.
    fn take(&mut self, op: StoreOp, source: Source<'_>) -> Result<(), StoreFailed>;

    /// Takes a whole new configuration into the store's own buffer. [`commit`](Self::commit) then
    /// writes it beside the one in force and puts it on trial: [`load`](Self::load) gives it from
    /// then on, and pieces that are taken before that still go to the one in force.
    fn take_config(&mut self, config: ConfigRef<'_>, source: Source<'_>)
    -> Result<(), StoreFailed>;

    /// Ends the trial of the configuration in force: it stays, or the one before is what
    /// [`load`](Self::load) gives from then on. Nothing where none is on trial.
    fn end_trial(&mut self, keep: bool) -> impl Future<Output = Result<(), StoreFailed>>;

    /// Writes what was taken, so that a power cut leaves all of it or nothing of it.
    fn commit(&mut self) -> impl Future<Output = Result<(), StoreFailed>>;

    /// Keeps the key of the access point that was made at the first boot.
    fn keep_secret(&mut self, secret: &Passphrase)
    -> impl Future<Output = Result<(), StoreFailed>>;

    /// Reads an item of the fleet's to the front of `out` and gives its length; 0: there is none.
    /// A store without a place for such items refuses, and the device belongs to no fleet.
    fn load_item(
        &mut self,
        _key: Key,
        _out: &mut [u8],
    ) -> impl Future<Output = Result<usize, StoreFailed>> {
        async { Err(StoreFailed) }
    }

    /// Keeps an item of the fleet's, or takes it out where it is empty. Writes nothing where exactly
    /// that is stored.
    fn save_item(
        &mut self,
        _key: Key,
        _item: &[u8],
    ) -> impl Future<Output = Result<(), StoreFailed>> {
        async { Err(StoreFailed) }
    }
}

/// A store that stays where it is: on a chip it is too large to be moved about.
impl<S: Storage> Storage for &mut S {
    async fn load(&mut self, warn: &mut dyn FnMut(&Warning<'_>)) -> Result<&mut Stored, LoadError> {
        S::load(self, warn).await
    }

    fn forget(&mut self) {
        S::forget(self);
    }

    fn take(&mut self, op: StoreOp, source: Source<'_>) -> Result<(), StoreFailed> {
        S::take(self, op, source)
    }

    fn take_config(
        &mut self,
        config: ConfigRef<'_>,
        source: Source<'_>,
    ) -> Result<(), StoreFailed> {
        S::take_config(self, config, source)
    }

    async fn end_trial(&mut self, keep: bool) -> Result<(), StoreFailed> {
        S::end_trial(self, keep).await
    }

    async fn commit(&mut self) -> Result<(), StoreFailed> {
        S::commit(self).await
    }

    async fn keep_secret(&mut self, secret: &Passphrase) -> Result<(), StoreFailed> {
        S::keep_secret(self, secret).await
    }

    async fn load_item(&mut self, key: Key, out: &mut [u8]) -> Result<usize, StoreFailed> {
        S::load_item(self, key, out).await
    }

    async fn save_item(&mut self, key: Key, item: &[u8]) -> Result<(), StoreFailed> {
        S::save_item(self, key, item).await
    }
}

/// Where a piece is read from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The machine: its list, its settings.
    pub manager: &'a Manager,
    /// What the doors around it need.
    pub services: &'a Services,
}

/// Everything that was stored.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    /// The configuration, the last candidate, the last good access point.
    pub pieces: Pieces,
    /// The access point's key made at the first boot; none: this is the first boot.
    pub ap_secret: Option<Passphrase>,
    /// What the access point's name begins with.
    pub ap_prefix: String<AP_PREFIX_MAX>,
    /// Whether the configuration still has to be confirmed, or the one before comes back.
    pub on_trial: bool,
}

impl Stored {
    /// Puts in place what a blank store says.
    // On its own: what it takes of a chip's stack is not beneath what comes next.
    #[inline(never)]
    pub fn begin<'p>(place: &'p mut Option<Self>, defaults: &Defaults) -> &'p mut Self {
        let stored = place.insert(Self::default());
        defaults.fill(&mut stored.pieces.config);
        stored.ap_secret.clone_from(&defaults.ap_secret);
        stored.ap_prefix.clone_from(&defaults.ap_prefix);
        stored
    }
}
