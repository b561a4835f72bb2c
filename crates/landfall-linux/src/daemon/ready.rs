//! The line that says where everything is, for programs and for people.

use std::io::Write;
use std::path::Path;

use landfall_core::net::Mac;
use serde::Serialize;

/// Printed once, when the device listens.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Ready {
    /// `lf-246f2856789a`.
    hardware_id: String,
    /// `24:6F:28:56:78:9A`.
    mac: String,
    /// The station's interface.
    interface: String,
    /// The access point's.
    ap_interface: String,
    /// The socket of the console, where Improv is spoken, too.
    console: String,
    /// The same.
    improv: String,
    /// The portal, for who has joined the access point.
    ap_url: String,
    /// What its MQTT topics begin with.
    mqtt_topic: String,
}

impl Ready {
    pub(super) fn new(
        mac: Mac,
        interface: &str,
        ap_interface: &str,
        console: &Path,
        ap_url: String,
    ) -> Self {
        let hex: String = mac.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let hardware_id = format!("lf-{hex}");
        let console = console.display().to_string();
        Self {
            mac: mac.to_string(),
            interface: interface.to_owned(),
            ap_interface: ap_interface.to_owned(),
            improv: console.clone(),
            console,
            ap_url,
            mqtt_topic: format!("landfall/{hardware_id}"),
            hardware_id,
        }
    }

    pub(super) fn print(&self, json: bool) {
        let mut out = std::io::stdout().lock();
        let written = if json {
            let line = serde_json::to_string(self).unwrap_or_default();
            writeln!(out, "{line}")
        } else {
            writeln!(
                out,
                "{}  {}\n  console   landfall console {}\n  portal    {} (access point)",
                self.hardware_id, self.interface, self.console, self.ap_url
            )
        };
        // A reader that went away does not stop the device.
        let _ = written.and_then(|()| out.flush());
    }
}
