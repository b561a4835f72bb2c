//! The configuration in a store of named items: flash on chips, a file on Linux boards.

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use heapless::Vec;
use landfall_core::config::stored::{
    DoesNotFit, Head, NETWORKS_MAX, SETTINGS_MAX, Slot, encode_networks, encode_settings,
};
use landfall_core::config::{Config, ConfigRef, Defaults, Mode, Networks, StartPolicy, Warning};
use landfall_core::manager::{Record, StoreFailed, StoreOp};
use landfall_core::net::{KeyMaterial, Passphrase};
use zeroize::Zeroize;

use super::LoadError;
use super::storage::{Source, Storage, Stored};
use crate::store::{Condition, Items, Key, Layout, Saved, Store, StoreError, VALUE_MAX};

/// Storage in a partition of NOR flash.
pub type FlashStorage<F> = ItemStorage<Store<F>>;

/// Storage in named items, each wholly old or wholly new after a power cut.
pub struct ItemStorage<I> {
    store: I,
    defaults: Defaults,
    /// As it was when the configuration was loaded: pieces belong to its slot.
    head: Head,
    settings: Piece<SETTINGS_MAX>,
    networks: Piece<NETWORKS_MAX>,
    taken: Taken,
    condition: Condition,
    /// What was read last, until it is forgotten.
    stored: Option<Stored>,
}

/// What the pieces that were taken are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// Those of the configuration in force, or none.
    Own,
    /// Those of a whole new one.
    New,
    /// What a reset leaves.
    Blank,
}

/// The keys of a slot: settings and networks.
const fn keys(slot: Slot) -> (Key, Key) {
    match slot {
        Slot::A => (Key::Settings, Key::Networks),
        Slot::B => (Key::OtherSettings, Key::OtherNetworks),
    }
}

/// A piece that was taken, and is not written yet; empty: none was. It holds secrets, and is wiped when
/// it is.
struct Piece<const N: usize>(Vec<u8, N>);

impl<const N: usize> Piece<N> {
    fn fill(
        &mut self,
        encode: impl FnOnce(&mut [u8]) -> Result<&[u8], DoesNotFit>,
    ) -> Result<(), StoreFailed> {
        // As long as it can be.
        let _ = self.0.resize(N, 0);
        match encode(&mut self.0) {
            Ok(piece) => {
                let len = piece.len();
                self.0.truncate(len);
                Ok(())
            }
            Err(DoesNotFit) => {
                self.drop_content();
                Err(StoreFailed)
            }
        }
    }

    /// It is not to be written any more.
    fn drop_content(&mut self) {
        self.0.as_mut_slice().zeroize();
        self.0.clear();
    }

    async fn write(&mut self, store: &mut impl Items, key: Key) -> Result<(), StoreFailed> {
        if self.0.is_empty() {
            return Ok(());
        }
        let written = store.save(key, &self.0).await;
        self.drop_content();
        written.map(drop).map_err(|_| StoreFailed)
    }
}

impl<F: NorFlash> ItemStorage<Store<F>> {
    /// Opens the store in that partition of the flash, a whole number of its pages. What it does
    /// not hold is as `defaults` say.
    ///
    /// # Errors
    /// A partition that is none, and a flash that does not even read.
    pub async fn open(
        flash: F,
        partition: Range<u32>,
        defaults: Defaults,
    ) -> Result<Self, StoreError> {
        let (store, condition) = Store::open(flash, partition).await?;
        Ok(Self::over(store, condition, defaults))
    }

    /// The same, to be [settled](Self::settle) before anything else: so it comes to be where it stays.
    #[inline(always)]
    pub fn new(flash: F, layout: Layout, defaults: Defaults) -> Self {
        Self::over(Store::new(flash, layout), Condition::New, defaults)
    }

    /// Opens the store.
    ///
    /// # Errors
    /// A flash that does not even read.
    pub async fn settle(&mut self) -> Result<(), StoreError> {
        self.condition = self.store.settle().await?;
        Ok(())
    }

    /// The flash back, for whoever goes on with it.
    pub fn into_flash(self) -> F {
        self.store.close()
    }
}

impl<I: Items> ItemStorage<I> {
    /// Storage in these items, which were found in that condition. What they do not hold is as
    /// `defaults` say.
    #[inline(always)]
    pub fn over(store: I, condition: Condition, defaults: Defaults) -> Self {
        Self {
            store,
            defaults,
            head: Head::default(),
            settings: Piece(Vec::new()),
            networks: Piece(Vec::new()),
            taken: Taken::Own,
            condition,
            stored: None,
        }
    }

    /// In what condition the store was found.
    pub fn condition(&self) -> Condition {
        self.condition
    }

    /// The store, for what else is kept in it.
    pub fn store(&mut self) -> &mut I {
        &mut self.store
    }

    /// Whether no device has booted from it yet, nor been given a whole configuration: the networks
    /// are written last, and an identity at the first boot.
    pub async fn is_blank(&mut self) -> bool {
        let mut buffer = [0; VALUE_MAX];
        for key in [Key::Identity, Key::Networks] {
            let is_there = self.store.load(key, &mut buffer).await != Ok(None);
            buffer.zeroize();
            if is_there {
                return false;
            }
        }
        true
    }

    /// Stores a whole configuration, as a device is given one before it first starts. What was on
    /// trial is not any more.
    pub async fn seed(&mut self, config: &Config) -> Result<(), StoreFailed> {
        self.head = self.stored_head().await.map_err(|_| StoreFailed)?;
        self.end_trial(true).await?;
        let record = Record {
            networks: &config.wifi.networks,
            candidate: None,
            last_good: None,
        };
        self.settings
            .fill(|buffer| encode_settings(config.as_ref(), buffer))?;
        self.networks
            .fill(|buffer| encode_networks(&record, buffer))?;
        self.commit().await
    }

    /// Which slot is in force; the first where that was never said.
    async fn stored_head(&mut self) -> Result<Head, StoreError> {
        let mut bytes = [0; Head::LEN];
        let head = match self.store.load(Key::Head, &mut bytes).await {
            Ok(stored) => stored.and_then(Head::decode),
            // One that is longer is none.
            Err(StoreError::TooLong) => None,
            Err(error) => return Err(error),
        };
        Ok(head.unwrap_or_default())
    }

    async fn write_head(&mut self, head: Head) -> Result<(), StoreFailed> {
        let saved = self.store.save(Key::Head, &head.encode()).await;
        saved.map(|_: Saved| ()).map_err(|_| StoreFailed)
    }

    /// Writes the pieces that were taken into that slot, settings first.
    async fn write_pieces(&mut self, slot: Slot) -> Result<(), StoreFailed> {
        let (settings, networks) = keys(slot);
        let written = self.settings.write(&mut self.store, settings).await;
        if written.is_err() {
            // The rest of what was refused must not go out with the next write.
            self.networks.drop_content();
        }
        written?;
        self.networks.write(&mut self.store, networks).await
    }

    /// A new configuration is whole in the other slot before the head says so.
    async fn write_new(&mut self) -> Result<(), StoreFailed> {
        let slot = self.head.slot.other();
        self.write_pieces(slot).await?;
        let on_trial = true;
        self.write_head(Head { slot, on_trial }).await
    }

    /// A reset forgets the configuration before, too; nothing may come back.
    async fn write_blank(&mut self) -> Result<(), StoreFailed> {
        self.end_trial(true).await?;
        self.write_pieces(self.head.slot).await?;
        let (settings, networks) = keys(self.head.slot.other());
        for key in [networks, settings] {
            self.store.remove(key).await.map_err(|_| StoreFailed)?;
        }
        Ok(())
    }

    /// What [`load`](Storage::load) would give, without taking it up: what the machine writes goes
    /// where it went before.
    ///
    /// # Errors
    /// The flash does not read.
    pub async fn peek(
        &mut self,
        warn: &mut dyn FnMut(&Warning<'_>),
    ) -> Result<&mut Stored, LoadError> {
        let head = self.stored_head().await;
        let head = head.map_err(|_| LoadError::StoreFailed)?;
        self.read(head, warn).await
    }

    async fn read(
        &mut self,
        head: Head,
        warn: &mut dyn FnMut(&Warning<'_>),
    ) -> Result<&mut Stored, LoadError> {
        let Self {
            store,
            defaults,
            stored,
            ..
        } = self;
        let stored = Stored::begin(stored, defaults);
        stored.on_trial = head.on_trial;
        let failed = |_| LoadError::StoreFailed;
        let (settings, networks) = keys(head.slot);
        let pieces = &mut stored.pieces;
        let settings = store.show(settings, |bytes| pieces.read_settings(bytes, warn));
        settings.await.map_err(failed)?;
        let networks = store.show(networks, |bytes| pieces.read_networks(bytes, warn));
        networks.await.map_err(failed)?;
        let secret = store.show(Key::Identity, |bytes| Passphrase::new(bytes).ok());
        let secret = secret.await.map_err(failed)?;
        stored.ap_secret = stored.ap_secret.take().or(secret.flatten());
        Ok(stored)
    }

    /// Settings first, so that a device that loses its power in between still comes up with its
    /// access point; then no networks.
    // On its own: it is rare, and takes more of a chip's stack than all else here.
    #[inline(never)]
    fn take_reset(&mut self, source: Source<'_>) -> Result<(), StoreFailed> {
        let mut wifi = source.manager.wifi().clone();
        wifi.mode = Mode::StaAp;
        wifi.ap.start_policy = StartPolicy::Fallback;
        wifi.networks.clear();
        let mut services = source.services.clone();
        services.extra.forget_networks();
        let config = ConfigRef {
            wifi: &wifi,
            services: &services,
        };
        let record = Record {
            networks: &Networks::new(),
            candidate: None,
            last_good: None,
        };
        self.settings
            .fill(|buffer| encode_settings(config, buffer))?;
        self.networks
            .fill(|buffer| encode_networks(&record, buffer))
    }
}

impl<I: Items> Storage for ItemStorage<I> {
    fn forget(&mut self) {
        self.stored = None;
    }

    async fn load(&mut self, warn: &mut dyn FnMut(&Warning<'_>)) -> Result<&mut Stored, LoadError> {
        let head = self.stored_head().await;
        self.head = head.map_err(|_| LoadError::StoreFailed)?;
        self.read(self.head, warn).await
    }

    fn take(&mut self, op: StoreOp, source: Source<'_>) -> Result<(), StoreFailed> {
        self.taken = match op {
            StoreOp::Networks | StoreOp::Settings => Taken::Own,
            StoreOp::Reset => Taken::Blank,
        };
        match op {
            StoreOp::Networks => self
                .networks
                .fill(|buffer| encode_networks(&source.manager.record(), buffer)),
            StoreOp::Settings => {
                let config = ConfigRef {
                    wifi: source.manager.wifi(),
                    services: source.services,
                };
                self.settings.fill(|buffer| encode_settings(config, buffer))
            }
            StoreOp::Reset => self.take_reset(source),
        }
    }

    fn take_config(
        &mut self,
        config: ConfigRef<'_>,
        source: Source<'_>,
    ) -> Result<(), StoreFailed> {
        self.taken = Taken::New;
        let networks = &config.wifi.networks;
        let before = source.manager.record();
        let first = |list: &Networks| list.first().map(|network| network.ssid);
        let record = Record {
            networks,
            last_good: before
                .last_good
                .filter(|_| first(networks) == first(before.networks)),
            ..before
        };
        self.settings
            .fill(|buffer| encode_settings(config, buffer))?;
        self.networks
            .fill(|buffer| encode_networks(&record, buffer))
    }

    async fn end_trial(&mut self, keep: bool) -> Result<(), StoreFailed> {
        let Head { slot, on_trial } = self.head;
        if !on_trial {
            return Ok(());
        }
        let ended = Head {
            slot: if keep { slot } else { slot.other() },
            on_trial: false,
        };
        self.write_head(ended).await?;
        self.head = ended;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), StoreFailed> {
        match core::mem::replace(&mut self.taken, Taken::Own) {
            Taken::Own => self.write_pieces(self.head.slot).await,
            Taken::New => self.write_new().await,
            Taken::Blank => self.write_blank().await,
        }
    }

    async fn keep_secret(&mut self, secret: &Passphrase) -> Result<(), StoreFailed> {
        let kept = match secret.material() {
            KeyMaterial::Phrase(text) => self.store.save(Key::Identity, text.as_bytes()).await,
            // Made of characters, never a raw key.
            KeyMaterial::Raw(_) => return Err(StoreFailed),
        };
        kept.map(drop).map_err(|_| StoreFailed)
    }

    async fn load_item(&mut self, key: Key, out: &mut [u8]) -> Result<usize, StoreFailed> {
        let loaded = self.store.load(key, out).await;
        let item = loaded.map_err(|_| StoreFailed)?;
        Ok(item.map_or(0, <[u8]>::len))
    }

    async fn save_item(&mut self, key: Key, item: &[u8]) -> Result<(), StoreFailed> {
        let saved = self.store.save(key, item).await;
        saved.map(|_: Saved| ()).map_err(|_| StoreFailed)
    }
}

#[cfg(test)]
mod tests;
