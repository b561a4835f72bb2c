//! What a simulated device keeps its configuration in: its flash, or, where that takes no write from
//! the start, memory that refuses to save. A device with a broken flash still comes up, and says
//! what it could not save.

use landfall_core::config::{Config, ConfigRef, Defaults, Warning};
use landfall_core::manager::{StoreFailed, StoreOp};
use landfall_core::net::Passphrase;
use landfall_device::runtime::{FlashStorage, LoadError, Source, Storage, Stored};
use landfall_device::store::{Key, StoreError};
use landfall_sim::flash::SECTOR_SIZE;

use super::SharedFlash;

/// Sectors of a device's store: 64 KiB, two pages more than it needs, so that it wears better.
pub(super) const SECTORS: usize = 16;

/// Where the configuration is.
pub(super) enum SimStorage {
    /// In the flash.
    Flash(Box<FlashStorage<SharedFlash>>),
    /// Nowhere: the flash takes no writes.
    Refusing(Box<Given>),
}

/// What a device was given that stores nothing.
pub(super) struct Given {
    config: Config,
    /// The same, for the runner.
    stored: Option<Stored>,
}

impl SimStorage {
    /// Opens the flash. A blank one gets `given`, where there is something; with `reset` every one.
    ///
    /// # Errors
    /// A flash that does not even read.
    pub(super) async fn open(
        flash: SharedFlash,
        given: Option<&Config>,
        reset: bool,
    ) -> Result<Self, StoreError> {
        let partition = 0..(SECTORS * SECTOR_SIZE) as u32;
        let opened = FlashStorage::open(flash, partition, Defaults::built_in()).await;
        let mut storage = match opened {
            Ok(storage) => Box::new(storage),
            Err(StoreError::Flash(why)) => {
                tracing::error!("the flash cannot be prepared, nothing will be saved: {why:?}");
                return Ok(Self::refusing(given));
            }
            Err(other) => return Err(other),
        };
        if let Some(config) = given
            && (reset || storage.is_blank().await)
            && storage.seed(config).await.is_err()
        {
            tracing::error!("the flash did not take the configuration, nothing will be saved");
            return Ok(Self::refusing(given));
        }
        Ok(Self::Flash(storage))
    }

    fn refusing(given: Option<&Config>) -> Self {
        let config = given.cloned();
        let config = config.unwrap_or_else(|| Defaults::built_in().config());
        Self::Refusing(Box::new(Given {
            config,
            stored: None,
        }))
    }
}

impl Storage for SimStorage {
    async fn load(&mut self, warn: &mut dyn FnMut(&Warning<'_>)) -> Result<&mut Stored, LoadError> {
        match self {
            Self::Flash(flash) => flash.load(warn).await,
            Self::Refusing(given) => {
                let Given { config, stored } = &mut **given;
                let stored = Stored::begin(stored, &Defaults::built_in());
                stored.pieces.config.clone_from(config);
                Ok(stored)
            }
        }
    }

    fn forget(&mut self) {
        match self {
            Self::Flash(flash) => flash.forget(),
            Self::Refusing(given) => given.stored = None,
        }
    }

    fn take(&mut self, op: StoreOp, source: Source<'_>) -> Result<(), StoreFailed> {
        match self {
            Self::Flash(flash) => flash.take(op, source),
            Self::Refusing(_) => Err(StoreFailed),
        }
    }

    fn take_config(
        &mut self,
        config: ConfigRef<'_>,
        source: Source<'_>,
    ) -> Result<(), StoreFailed> {
        match self {
            Self::Flash(flash) => flash.take_config(config, source),
            Self::Refusing(_) => Err(StoreFailed),
        }
    }

    async fn end_trial(&mut self, keep: bool) -> Result<(), StoreFailed> {
        match self {
            Self::Flash(flash) => flash.end_trial(keep).await,
            Self::Refusing(_) => Err(StoreFailed),
        }
    }

    async fn commit(&mut self) -> Result<(), StoreFailed> {
        match self {
            Self::Flash(flash) => flash.commit().await,
            Self::Refusing(_) => Err(StoreFailed),
        }
    }

    async fn keep_secret(&mut self, secret: &Passphrase) -> Result<(), StoreFailed> {
        match self {
            Self::Flash(flash) => flash.keep_secret(secret).await,
            Self::Refusing(_) => Err(StoreFailed),
        }
    }

    async fn load_item(&mut self, key: Key, out: &mut [u8]) -> Result<usize, StoreFailed> {
        match self {
            Self::Flash(flash) => flash.load_item(key, out).await,
            // A device without a store belongs to its fleet until its power goes.
            Self::Refusing(_) => Ok(0),
        }
    }

    async fn save_item(&mut self, key: Key, item: &[u8]) -> Result<(), StoreFailed> {
        match self {
            Self::Flash(flash) => flash.save_item(key, item).await,
            Self::Refusing(_) => Err(StoreFailed),
        }
    }
}
