//! What the gateway takes from the configuration, as it stood when it began.

use core::net::Ipv4Addr;

use heapless::String;
use landfall_core::config::{MQTT_CREDENTIAL_MAX, Secret, URL_MAX};
use landfall_core::net::{Hostname, Mac};
use landfall_protocol::hardware_id::HardwareId;

use super::discovery::About;
use crate::dial::{MQTT, Url};
use crate::runtime::Device;

/// What one device says to one broker, and as whom.
#[derive(Debug)]
pub(super) struct Settings {
    /// In which boot of the device; one that restarted is another.
    boot: u32,
    pub(super) id: HardwareId,
    mac: Mac,
    hostname: Hostname,
    pub(super) url: String<URL_MAX>,
    pub(super) user: String<MQTT_CREDENTIAL_MAX>,
    pub(super) password: Secret<MQTT_CREDENTIAL_MAX>,
    pub(super) commands: bool,
}

/// What the configuration asks for.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the settings have to live somewhere, and there is no heap"
)]
pub(super) enum Wanted {
    /// No broker, in that boot.
    Nothing(u32),
    /// What is no broker's URL.
    Malformed,
    /// This one.
    Broker(Settings),
}

impl Wanted {
    pub(super) fn of(device: &Device, boot: u32) -> Self {
        let services = &device.services;
        if services.mqtt_url.is_empty() {
            return Self::Nothing(boot);
        }
        if Url::parse(&services.mqtt_url, MQTT).is_err() {
            return Self::Malformed;
        }
        let mac = device.manager().identity().mac;
        Self::Broker(Settings {
            boot,
            id: HardwareId::of_mac(mac.0),
            mac,
            hostname: hostname(device, mac),
            url: services.mqtt_url.clone(),
            user: services.mqtt_user.clone(),
            password: services.mqtt_password.clone(),
            commands: services.mqtt_commands,
        })
    }
}

impl Settings {
    /// Which boot of the device they are of.
    pub(super) fn boot(&self) -> u32 {
        self.boot
    }

    /// Whether they still are what the configuration says.
    pub(super) fn hold(&self, device: &Device, boot: u32) -> bool {
        let services = &device.services;
        self.boot == boot
            && self.url == services.mqtt_url
            && self.user == services.mqtt_user
            && self.password == services.mqtt_password
            && self.commands == services.mqtt_commands
            && self.hostname == hostname(device, self.mac)
    }

    /// Whether they do, and the device still holds that address.
    pub(super) fn hold_at(&self, ip: Ipv4Addr, device: &Device, boot: u32) -> bool {
        device.manager().status().station_ip == Some(ip) && self.hold(device, boot)
    }

    /// The device as Home Assistant shows it.
    pub(super) fn about(&self, ip: Ipv4Addr) -> About<'_> {
        About {
            id: &self.id,
            mac: self.mac,
            hostname: &self.hostname,
            ip,
        }
    }
}

fn hostname(device: &Device, mac: Mac) -> Hostname {
    let set = device.services.hostname.clone();
    set.unwrap_or_else(|| Hostname::of(mac))
}
