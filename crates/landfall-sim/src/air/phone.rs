//! A phone that joins the access points of devices: what their client list sees of a user.

use alloc::string::ToString;
use core::fmt;

use landfall_core::net::{Mac, Security};
use landfall_core::radio::RadioEvent;

use super::{Air, DeviceId};

/// The phone's hardware address.
pub const PHONE_MAC: Mac = Mac([0x02, 0x50, 0x48, 0x4f, 0x4e, 0x45]);

/// Why a phone does not join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneError {
    /// No device has an access point of that name up. Wait for it, or ask `list`.
    NotFound,
    /// The password does not open it.
    WrongPassword,
    /// It takes no more clients.
    Full,
}

impl fmt::Display for PhoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no device has an access point of that name up; see `list`",
            Self::WrongPassword => "the password does not open it",
            Self::Full => "it takes no more clients",
        })
    }
}

impl core::error::Error for PhoneError {}

impl Air {
    /// The phone joins the access point of that name, which it leaves another for. A name that is
    /// not UTF-8 is written with U+FFFD for each bad byte. Joining where it is already does
    /// nothing.
    pub fn phone_join(
        &mut self,
        ssid: &str,
        password: &Security,
        now_ms: u64,
    ) -> Result<(), PhoneError> {
        self.advance(now_ms);
        let device = self.phone_finds(ssid).ok_or(PhoneError::NotFound)?;
        self.phone_opens(device, password)?;
        if self.phone_at == Some(device) {
            return Ok(());
        }
        self.phone_leaves();
        self.phone_at = Some(device);
        self.tell(device, RadioEvent::ClientJoined(PHONE_MAC));
        Ok(())
    }

    /// A device sends a client of its access point away: the phone, where that is it. It does not come
    /// back by itself.
    pub fn deauthenticate(&mut self, device: DeviceId, client: Mac, now_ms: u64) {
        self.advance(now_ms);
        if client == PHONE_MAC && self.phone_at == Some(device) {
            self.phone_leaves();
        }
    }

    /// The phone leaves. False: it was nowhere.
    pub fn phone_leave(&mut self, now_ms: u64) -> bool {
        self.advance(now_ms);
        self.phone_leaves()
    }

    /// The device whose access point the phone has joined.
    pub fn phone_at(&self) -> Option<DeviceId> {
        self.phone_at
    }

    fn phone_finds(&self, ssid: &str) -> Option<DeviceId> {
        let has_it = |device: &DeviceId| {
            let ap = self.radio(*device).ap.as_ref();
            ap.is_some_and(|ap| {
                ap.ssid.as_bytes() == ssid.as_bytes() || ap.ssid.to_string() == ssid
            })
        };
        self.devices().find(has_it)
    }

    fn phone_opens(&mut self, device: DeviceId, password: &Security) -> Result<(), PhoneError> {
        let Some(ap) = &self.radios[device.index()].ap else {
            return Err(PhoneError::NotFound);
        };
        if ap.max_clients == 0 {
            return Err(PhoneError::Full);
        }
        let opens = match (&ap.key, password) {
            (None, Security::Open) => true,
            (Some(own), Security::Personal(key)) => self.keys.same(&ap.ssid, own, key),
            (None, Security::Personal(_)) | (Some(_), Security::Open) => false,
        };
        if opens {
            Ok(())
        } else {
            Err(PhoneError::WrongPassword)
        }
    }

    fn phone_leaves(&mut self) -> bool {
        let was_at = self.phone_at.take();
        if let Some(device) = was_at {
            self.tell(device, RadioEvent::ClientLeft(PHONE_MAC));
        }
        was_at.is_some()
    }

    /// The access point of a device goes away under the phone.
    pub(super) fn drop_phone(&mut self, device: DeviceId) {
        if self.phone_at == Some(device) {
            self.phone_leaves();
        }
    }
}
