//! How a program on a host makes a device.

use std::path::Path;

use landfall_core::net::Mac;
use landfall_device::host::HostClock;
use landfall_device::runtime::{self, BuildError, Clock, Hook, Radio, Runner, Shared};

use crate::blocking;
use crate::file::{JsonFile, warn};

/// Collects what a device on a host is made of. On a chip it is
/// [`landfall_device::runtime::Builder`].
#[derive(Debug)]
pub struct Builder<C = HostClock> {
    mac: Mac,
    clock: C,
    file: JsonFile,
    publisher: Option<Hook>,
}

/// The file that a program keeps its configuration in, unless it says otherwise.
pub const CONFIG_FILE: &str = "networks.json";

impl Builder {
    /// A device with that hardware address.
    pub fn new(mac: Mac) -> Self {
        Self::with_clock(mac, HostClock::new())
    }
}

impl<C: Clock + Send + Sync + 'static> Builder<C> {
    /// The same, in another time than ours: a simulated device follows its air.
    pub fn with_clock(mac: Mac, clock: C) -> Self {
        Self {
            mac,
            clock,
            file: JsonFile::new(CONFIG_FILE),
            publisher: None,
        }
    }

    /// The JSON file that its configuration is kept in ([`CONFIG_FILE`] unless it is set). One that
    /// is not there is made when there is something to keep.
    #[must_use]
    pub fn config_file(mut self, path: impl AsRef<Path>) -> Self {
        self.file = JsonFile::new(path.as_ref());
        self
    }

    /// Who is told of every event, of both levels, beside the callbacks. It is called by the runner
    /// and must not wait.
    #[must_use]
    pub fn publisher(mut self, hook: impl Into<Hook>) -> Self {
        self.publisher = Some(hook.into());
        self
    }

    /// Makes the device. Nothing happens until its runner runs; its handle is
    /// [`Runner::wifi`]. A device is made once and stays: a little memory of it is never given back.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    pub async fn build<R: Radio>(self, radio: R) -> Result<Runner<R, JsonFile, C>, BuildError> {
        let shared: &'static Shared<C> = Box::leak(Box::new(Shared::new(self.clock)));
        let mut entropy = [0; 16];
        // Without entropy the key of the access point would be one that anybody can guess.
        getrandom::fill(&mut entropy).map_err(|_| BuildError::NoEntropy)?;
        let mut builder = runtime::Builder::new(self.mac, entropy).storage(self.file);
        if let Some(publisher) = self.publisher {
            builder = builder.publisher(publisher);
        }
        builder.build(shared, radio, &mut warn).await
    }

    /// Makes the device, for a program without `async`: its runner gets a thread when it is first
    /// needed.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_blocking<R>(self, radio: R) -> Result<blocking::Wifi<C>, BuildError>
    where
        R: Radio + Send + 'static,
    {
        let runner = futures_lite::future::block_on(self.build(radio))?;
        Ok(blocking::Wifi::new(runner))
    }
}
