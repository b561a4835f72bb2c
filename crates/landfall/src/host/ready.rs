//! The line that says where everything is, for programs.

use serde::Serialize;

/// Printed once, when everything listens.
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// The socket that changes the air.
    pub air: String,
    /// The devices.
    pub devices: Vec<DeviceReady>,
    /// The fleet server, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerReady>,
}

/// Where the fleet server is, and how to get in.
#[derive(Clone, Debug, Serialize)]
pub struct ServerReady {
    /// Where its pages begin.
    pub url: String,
    /// The name of its admin.
    pub admin: String,
    /// The password, while it is the one that was made.
    pub password: Option<String>,
}

/// Where one device is. Doors that are closed refuse the connection; their numbers stay.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceReady {
    /// `lf-246f2856789a`.
    pub hardware_id: String,
    /// Its name among the devices of this program.
    pub name: String,
    /// `24:6F:28:56:78:9A`.
    pub mac: String,
    /// Its serial port.
    pub console: String,
    /// Where Improv is spoken: the same port.
    pub improv: String,
    /// The portal, as who has joined the access point sees it.
    pub ap_url: String,
    /// The portal, as who is in the station's network sees it.
    pub sta_url: String,
    /// The config server.
    pub config_url: String,
    /// WebREPL.
    pub webrepl: String,
    /// The access point's name server.
    pub dns: String,
    /// What its MQTT topics begin with.
    pub mqtt_topic: String,
}
