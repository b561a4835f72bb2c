//! The configuration in flash: pieces in the device's store.

use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use landfall_core::config::stored::{
    DoesNotFit, NETWORKS_MAX, SETTINGS_MAX, Stored as Pieces, encode_networks, encode_settings,
};
use landfall_core::config::{Config, ConfigRef, Defaults, Mode, Networks, StartPolicy, Warning};
use landfall_core::manager::{Record, StoreFailed, StoreOp};
use landfall_core::net::{KeyMaterial, PASSPHRASE_MAX, Passphrase};
use zeroize::Zeroize;

use super::LoadError;
use super::storage::{Source, Storage, Stored};
use crate::store::{Condition, Key, Store, StoreError};

/// Bytes of the longest piece.
const PIECE_MAX: usize = if SETTINGS_MAX > NETWORKS_MAX {
    SETTINGS_MAX
} else {
    NETWORKS_MAX
};

/// Storage in a partition of NOR flash.
pub struct FlashStorage<F: NorFlash> {
    store: Store<F>,
    defaults: Defaults,
    settings: Piece<SETTINGS_MAX>,
    networks: Piece<NETWORKS_MAX>,
    condition: Condition,
}

/// A piece that was taken, and is not written yet. It holds secrets, and is wiped when it is.
struct Piece<const N: usize> {
    bytes: [u8; N],
    len: Option<usize>,
}

impl<const N: usize> Piece<N> {
    const EMPTY: Self = Self {
        bytes: [0; N],
        len: None,
    };

    fn fill(
        &mut self,
        encode: impl FnOnce(&mut [u8]) -> Result<&[u8], DoesNotFit>,
    ) -> Result<(), StoreFailed> {
        let len = encode(&mut self.bytes).map_err(|_| StoreFailed)?.len();
        self.len = Some(len);
        Ok(())
    }

    /// It is not to be written any more.
    fn drop_content(&mut self) {
        self.len = None;
        self.bytes.zeroize();
    }

    async fn write<F: NorFlash>(
        &mut self,
        store: &mut Store<F>,
        key: Key,
    ) -> Result<(), StoreFailed> {
        let Some(len) = self.len.take() else {
            return Ok(());
        };
        let written = store.save(key, &self.bytes[..len]).await;
        self.bytes.zeroize();
        written.map(drop).map_err(|_| StoreFailed)
    }
}

impl<F: NorFlash> FlashStorage<F> {
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
        Ok(Self {
            store,
            defaults,
            settings: Piece::EMPTY,
            networks: Piece::EMPTY,
            condition,
        })
    }

    /// In what condition the partition was found.
    pub fn condition(&self) -> Condition {
        self.condition
    }

    /// The flash back, for whoever goes on with it.
    pub fn into_flash(self) -> F {
        self.store.close()
    }

    /// The store, for what else is kept in it.
    pub fn store(&mut self) -> &mut Store<F> {
        &mut self.store
    }

    /// Stores a whole configuration, as a device is given one before it first starts.
    pub async fn seed(&mut self, config: &Config) -> Result<(), StoreFailed> {
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

    /// Settings first, so that a device that loses its power in between still comes up with its
    /// access point; then no networks.
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

impl<F: NorFlash> Storage for FlashStorage<F> {
    async fn load(&mut self, warn: &mut dyn FnMut(&Warning<'_>)) -> Result<Stored, LoadError> {
        let mut pieces = Pieces::new(&self.defaults);
        let mut buffer = [0; PIECE_MAX];
        let failed = |_| LoadError::StoreFailed;
        let store = &mut self.store;
        if let Some(bytes) = store
            .load(Key::Settings, &mut buffer)
            .await
            .map_err(failed)?
        {
            pieces.read_settings(bytes, warn);
        }
        if let Some(bytes) = store
            .load(Key::Networks, &mut buffer)
            .await
            .map_err(failed)?
        {
            pieces.read_networks(bytes, warn);
        }
        let secret = store
            .load(Key::Identity, &mut buffer)
            .await
            .map_err(failed)?;
        let ap_secret = secret.and_then(|bytes| Passphrase::new(bytes).ok());
        buffer.zeroize();
        Ok(Stored {
            config: pieces.config,
            candidate: pieces.candidate,
            last_good: pieces.last_good,
            ap_secret: self.defaults.ap_secret.clone().or(ap_secret),
            ap_prefix: self.defaults.ap_prefix.clone(),
        })
    }

    fn take(&mut self, op: StoreOp, source: Source<'_>) -> Result<(), StoreFailed> {
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

    async fn commit(&mut self) -> Result<(), StoreFailed> {
        let settings = self.settings.write(&mut self.store, Key::Settings).await;
        if settings.is_err() {
            // The rest of a reset that was refused must not go out with the next write.
            self.networks.drop_content();
        }
        settings?;
        self.networks.write(&mut self.store, Key::Networks).await
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
        saved.map(drop).map_err(|_| StoreFailed)
    }
}

const _: () = assert!(PASSPHRASE_MAX <= PIECE_MAX);
