//! Devices, and the codes that enrol them.

use clap::{Args, Subcommand};
use serde_json::json;
use ureq::http::Method;

use super::client::{Server, escape};
use super::table::{Column, print, show_list, show_one};
use crate::cli::Failure;

/// List devices, or change one
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall fleet devices --presence offline
  landfall fleet devices accept lf-246f2856789a 02d449a31fbb267c")]
#[command(after_help = "Examples:
  landfall fleet devices --presence online
  landfall fleet devices disable lf-246f2856789a")]
pub(super) struct Devices {
    #[command(subcommand)]
    what: Option<DeviceWord>,
    /// Only those that are online, offline or retired
    #[arg(long)]
    presence: Option<String>,
    /// Only those with that label
    #[arg(long)]
    label: Option<String>,
}

#[derive(Debug, Subcommand)]
enum DeviceWord {
    /// Show one device
    Show { hardware_id: String },
    /// Let a pending device in, whose console shows that fingerprint
    Accept {
        hardware_id: String,
        fingerprint: String,
    },
    /// Take a device out of the fleet
    Retire { hardware_id: String },
    /// Let a device be picked for sessions
    Enable { hardware_id: String },
    /// Let a device not be picked for sessions
    Disable { hardware_id: String },
    /// Give a device a new key
    Rotate { hardware_id: String },
}

const DEVICES: &[Column] = &[
    ("HARDWARE ID", "/hardware_id"),
    ("NAME", "/name"),
    ("ENROLMENT", "/enrolment"),
    ("PRESENCE", "/presence"),
    ("SSID", "/ap_ssid"),
    ("LOCATION", "/location"),
    ("LAST SEEN", "/last_seen"),
    ("RSSI", "/rssi"),
    ("SESSION", "/session_id"),
];

impl Devices {
    pub(super) fn run(self, server: &Server) -> Result<(), Failure> {
        let client = server.client()?;
        let Some(word) = self.what else {
            let mut path = "/api/v1/devices?".to_owned();
            for (name, value) in [("presence", &self.presence), ("label", &self.label)] {
                if let Some(value) = value {
                    path.push_str(&format!("{name}={}&", escape(value)));
                }
            }
            let list = client.list(path.trim_end_matches(['?', '&']))?;
            show_list(server, &list, DEVICES)?;
            if !server.json {
                let n = |key: &str| list["summary"][key].as_u64().unwrap_or(0);
                println!(
                    "{} in all: {} online, {} offline, {} available",
                    n("total"),
                    n("online"),
                    n("offline"),
                    n("available")
                );
            }
            return Ok(());
        };
        let (id, method, action, body) = match word {
            DeviceWord::Show { hardware_id } => (hardware_id, Method::GET, "", None),
            DeviceWord::Accept {
                hardware_id,
                fingerprint,
            } => {
                let body = json!({"fingerprint": fingerprint});
                (hardware_id, Method::POST, "/accept", Some(body))
            }
            DeviceWord::Retire { hardware_id } => (hardware_id, Method::POST, "/retire", None),
            DeviceWord::Enable { hardware_id } => (
                hardware_id,
                Method::PATCH,
                "",
                Some(json!({"enabled": true})),
            ),
            DeviceWord::Disable { hardware_id } => (
                hardware_id,
                Method::PATCH,
                "",
                Some(json!({"enabled": false})),
            ),
            DeviceWord::Rotate { hardware_id } => (hardware_id, Method::POST, "/keys/rotate", None),
        };
        let path = format!("/api/v1/devices/{}{action}", escape(&id));
        show_one(server, &client.json(method, &path, body.as_ref())?)
    }
}

/// List claim codes, make or delete one
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall fleet claims new --room B12 --label library")]
#[command(after_help = "Examples:
  landfall fleet claims
  landfall fleet claims new --room B12")]
pub(super) struct Claims {
    #[command(subcommand)]
    what: Option<ClaimWord>,
}

#[derive(Debug, Subcommand)]
enum ClaimWord {
    /// Make one: it is shown once, for NET:FLEET on the device's console
    New {
        /// For how many seconds it is good
        #[arg(long, default_value_t = 3600)]
        expires_in_s: u32,
        /// A label of the device; may be said again
        #[arg(long = "label")]
        labels: Vec<String>,
        /// The device's room
        #[arg(long)]
        room: Option<String>,
    },
    /// Delete one that was not used
    Delete { id: String },
}

impl Claims {
    pub(super) fn run(self, server: &Server) -> Result<(), Failure> {
        let client = server.client()?;
        match self.what {
            None => {
                let list = client.list("/api/v1/claims")?;
                show_list(
                    server,
                    &list,
                    &[("ID", "/id"), ("ROOM", "/room"), ("EXPIRES", "/expires_at")],
                )
            }
            Some(ClaimWord::New {
                expires_in_s,
                labels,
                room,
            }) => {
                let mut body = json!({"expires_in_s": expires_in_s, "labels": labels});
                if let Some(room) = room {
                    body["room"] = room.into();
                }
                let made = client.json(Method::POST, "/api/v1/claims", Some(&body))?;
                if server.json {
                    return print(&made.to_string());
                }
                let text = |key: &str| made[key].as_str().unwrap_or_default();
                print(text("code"))?;
                eprintln!("good once, until {}", text("expires_at"));
                Ok(())
            }
            Some(ClaimWord::Delete { id }) => {
                let path = format!("/api/v1/claims/{}", escape(&id));
                client.json(Method::DELETE, &path, None).map(drop)
            }
        }
    }
}
