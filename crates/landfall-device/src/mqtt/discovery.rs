//! What Home Assistant is told, so that the device appears there by itself: whether it is
//! connected, its signal strength and its address, as three components of one device.
//!
//! Each component has a message of its own. Home Assistant takes these and, since 2024.12, one for
//! the whole device; the former are what its older versions and the others who read these topics
//! understand (<https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery>).

use core::fmt::{self, Write};
use core::net::Ipv4Addr;

use landfall_core::net::{Hostname, Mac};
use landfall_protocol::hardware_id::HardwareId;

use super::topics::{self, Topic, TopicText};

/// What the last will says, and what is said once everything else stands.
pub(super) const ONLINE: &str = "online";
/// See [`ONLINE`].
pub(super) const OFFLINE: &str = "offline";

/// The device as Home Assistant shows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    pub(super) id: &'a HardwareId,
    pub(super) mac: Mac,
    pub(super) hostname: &'a Hostname,
    pub(super) ip: Ipv4Addr,
}

/// One of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Connectivity,
    Rssi,
    Ip,
}

impl Component {
    const fn id(self) -> &'static str {
        match self {
            Self::Connectivity => "connectivity",
            Self::Rssi => "rssi",
            Self::Ip => "ip",
        }
    }

    /// Where it is told.
    pub(super) fn topic(self, id: &HardwareId) -> TopicText {
        let kind = match self {
            Self::Connectivity => "binary_sensor",
            Self::Rssi | Self::Ip => "sensor",
        };
        topics::discovery(kind, id, self.id())
    }

    /// What is told.
    pub(super) fn write(self, out: &mut dyn Write, about: &About<'_>) -> fmt::Result {
        let id = about.id;
        write!(out, r#"{{"unique_id":"{id}_{}","#, self.id())?;
        let online = Topic::Online.of(id);
        match self {
            Self::Connectivity => write!(
                out,
                r#""name":"Connectivity","device_class":"connectivity","state_topic":"{online}","payload_on":"{ONLINE}","payload_off":"{OFFLINE}","#
            )?,
            Self::Rssi => {
                out.write_str(
                    r#""name":"Signal strength","device_class":"signal_strength","state_class":"measurement","unit_of_measurement":"dBm","#,
                )?;
                write_value(out, id, "rssi")?;
            }
            Self::Ip => {
                out.write_str(r#""name":"IP address","icon":"mdi:ip-network","#)?;
                write_value(out, id, "ip")?;
            }
        }
        out.write_str(r#""entity_category":"diagnostic","#)?;
        write_device(out, about)
    }
}

/// Where the value stands, and how one knows that it still holds.
fn write_value(out: &mut dyn Write, id: &HardwareId, member: &str) -> fmt::Result {
    let (state, online) = (Topic::State.of(id), Topic::Online.of(id));
    write!(
        out,
        r#""state_topic":"{state}","value_template":"{{{{ value_json.{member} }}}}","availability_topic":"{online}","payload_available":"{ONLINE}","payload_not_available":"{OFFLINE}","#
    )
}

/// What the three belong to, and who says so.
fn write_device(out: &mut dyn Write, about: &About<'_>) -> fmt::Result {
    let About {
        id,
        mac,
        hostname,
        ip,
    } = about;
    let version = env!("CARGO_PKG_VERSION");
    let [a, b, c, d, e, f] = mac.0;
    write!(
        out,
        r#""device":{{"identifiers":["{id}"],"connections":[["mac","{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"]],"name":"{}","manufacturer":"Landfall","sw_version":"{version}","configuration_url":"http://{ip}/"}},"origin":{{"name":"Landfall","sw_version":"{version}"}}}}"#,
        hostname.as_str()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mqtt::topics::TOPIC_MAX;
    use expect_test::expect;
    use std::format;
    use std::string::String;

    #[test]
    fn three_components_of_one_device() {
        let mac = Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);
        let about = About {
            id: &HardwareId::of_mac(mac.0),
            mac,
            hostname: &Hostname::of(mac),
            ip: Ipv4Addr::new(10, 0, 0, 2),
        };
        let told = [Component::Connectivity, Component::Rssi, Component::Ip].map(|component| {
            let topic = component.topic(about.id);
            assert!(topic.len() < TOPIC_MAX && topic.ends_with("/config"));
            let mut text = String::new();
            component
                .write(&mut text, &about)
                .expect("a string has room");
            format!("{topic}\n{text}\n").replace(env!("CARGO_PKG_VERSION"), "<version>")
        });
        expect![[r#"
            homeassistant/binary_sensor/lf-246f2856789a/connectivity/config
            {"unique_id":"lf-246f2856789a_connectivity","name":"Connectivity","device_class":"connectivity","state_topic":"landfall/lf-246f2856789a/online","payload_on":"online","payload_off":"offline","entity_category":"diagnostic","device":{"identifiers":["lf-246f2856789a"],"connections":[["mac","24:6f:28:56:78:9a"]],"name":"landfall-56789a","manufacturer":"Landfall","sw_version":"<version>","configuration_url":"http://10.0.0.2/"},"origin":{"name":"Landfall","sw_version":"<version>"}}
            homeassistant/sensor/lf-246f2856789a/rssi/config
            {"unique_id":"lf-246f2856789a_rssi","name":"Signal strength","device_class":"signal_strength","state_class":"measurement","unit_of_measurement":"dBm","state_topic":"landfall/lf-246f2856789a/state","value_template":"{{ value_json.rssi }}","availability_topic":"landfall/lf-246f2856789a/online","payload_available":"online","payload_not_available":"offline","entity_category":"diagnostic","device":{"identifiers":["lf-246f2856789a"],"connections":[["mac","24:6f:28:56:78:9a"]],"name":"landfall-56789a","manufacturer":"Landfall","sw_version":"<version>","configuration_url":"http://10.0.0.2/"},"origin":{"name":"Landfall","sw_version":"<version>"}}
            homeassistant/sensor/lf-246f2856789a/ip/config
            {"unique_id":"lf-246f2856789a_ip","name":"IP address","icon":"mdi:ip-network","state_topic":"landfall/lf-246f2856789a/state","value_template":"{{ value_json.ip }}","availability_topic":"landfall/lf-246f2856789a/online","payload_available":"online","payload_not_available":"offline","entity_category":"diagnostic","device":{"identifiers":["lf-246f2856789a"],"connections":[["mac","24:6f:28:56:78:9a"]],"name":"landfall-56789a","manufacturer":"Landfall","sw_version":"<version>","configuration_url":"http://10.0.0.2/"},"origin":{"name":"Landfall","sw_version":"<version>"}}
        "#]].assert_eq(&told.concat());
    }
}
