//! The library for programs without `async`: the runner on a thread, and calls that wait.

use std::net::Ipv4Addr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use async_io::block_on;
use landfall_core::config::Mode;
use landfall_core::net::{Security, Ssid};
use landfall_core::radio::ScanRow;
use landfall_device::runtime::{
    self, ApError, Clock, JoinError, LoadError, Radio, Runner, SaveError, ScanError, SetError,
    Storage,
};

use crate::file::warn;

/// The handle on one device. What needs no waiting is that of [`runtime::Wifi`], which it leads to.
#[derive(Clone)]
pub struct Wifi<C: 'static> {
    wifi: runtime::Wifi<C>,
    runner: Arc<Mutex<Option<Life>>>,
}

/// The life of a device, to be led on a thread.
type Life = Box<dyn FnOnce() + Send>;

impl<C> Deref for Wifi<C> {
    type Target = runtime::Wifi<C>;

    fn deref(&self) -> &runtime::Wifi<C> {
        &self.wifi
    }
}

impl<C: Clock + Send + Sync> Wifi<C> {
    pub(crate) fn new<R, S>(runner: Runner<R, S, C>) -> Self
    where
        R: Radio + Send + 'static,
        S: Storage + Send + 'static,
    {
        let wifi = runner.wifi();
        let life: Life = Box::new(move || block_on(live(runner)));
        Self {
            wifi,
            runner: Arc::new(Mutex::new(Some(life))),
        }
    }

    /// Manages the network in the background from now on. Once is enough; every call that waits
    /// does it by itself.
    pub fn start_managing(&self) {
        let mut runner = self.runner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(life) = runner.take() {
            std::thread::spawn(life);
        }
    }

    /// See [`runtime::Wifi::setup_network`].
    pub fn setup_network(&self) -> bool {
        self.wait(self.wifi.setup_network())
    }

    /// See [`runtime::Wifi::set_mode`].
    pub fn set_mode(&self, mode: Mode) -> Result<(), SetError> {
        self.wait(self.wifi.set_mode(mode))
    }

    /// See [`runtime::Wifi::sta_connect`].
    pub fn sta_connect(&self, ssid: &Ssid, security: Security) -> Result<Ipv4Addr, JoinError> {
        self.wait(self.wifi.sta_connect(ssid, security))
    }

    /// See [`runtime::Wifi::sta_disconnect`].
    pub fn sta_disconnect(&self) -> Result<(), SetError> {
        self.wait(self.wifi.sta_disconnect())
    }

    /// See [`runtime::Wifi::sta_scan`].
    pub fn sta_scan(&self) -> Result<Vec<ScanRow>, ScanError> {
        let rows = self.wait(self.wifi.sta_scan())?;
        Ok(rows.into_iter().collect())
    }

    /// See [`runtime::Wifi::ap_start`].
    pub fn ap_start(&self, ssid: &Ssid, security: Security) -> Result<Ipv4Addr, ApError> {
        self.wait(self.wifi.ap_start(ssid, security))
    }

    /// See [`runtime::Wifi::ap_stop`].
    pub fn ap_stop(&self) -> Result<(), ApError> {
        self.wait(self.wifi.ap_stop())
    }

    /// See [`runtime::Wifi::set_credentials`].
    pub fn set_credentials(&self, ssid: &[u8], password: &[u8]) -> Result<(), SetError> {
        self.wait(self.wifi.set_credentials(ssid, password))
    }

    /// See [`runtime::Wifi::verdict`].
    pub fn verdict(&self) -> Result<Ipv4Addr, JoinError> {
        self.wait(self.wifi.verdict())
    }

    /// See [`runtime::Wifi::reset_credentials`].
    pub fn reset_credentials(&self) -> Result<(), SetError> {
        self.wait(self.wifi.reset_credentials())
    }

    /// See [`runtime::Wifi::save_config`].
    pub fn save_config(&self) -> Result<(), SaveError> {
        self.wait(self.wifi.save_config())
    }

    /// See [`runtime::Wifi::load_config`].
    pub fn load_config(&self) -> Result<(), LoadError> {
        self.wait(self.wifi.load_config())
    }

    fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.start_managing();
        block_on(call)
    }
}

/// Runs the device, over its restarts.
async fn live<R: Radio, S: Storage, C: Clock>(mut runner: Runner<R, S, C>) {
    loop {
        let runtime::Restart = runner.run().await;
        if let Err(error) = runner.restart(&mut warn).await {
            tracing::error!("the device does not restart: {error}");
            return;
        }
    }
}
