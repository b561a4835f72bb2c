//! Wi-Fi networks that are given to devices in stages.

use clap::{Args, Subcommand};
use serde_json::json;
use ureq::http::Method;

use super::client::Server;
use super::table::{Column, show_list, show_one};
use crate::cli::Failure;
use crate::cli::secret::PasswordFrom;

/// List roll-outs of Wi-Fi networks, begin, show or stop one
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  landfall fleet rollouts new Campus --label library --stages 10,50,100"
)]
#[command(after_help = "Examples:
  landfall fleet rollouts new Campus --label b12 --stages 5,100
  landfall fleet rollouts show 3
  landfall fleet rollouts stop 3")]
pub(super) struct Rollouts {
    #[command(subcommand)]
    what: Option<RolloutWord>,
}

#[derive(Debug, Subcommand)]
enum RolloutWord {
    /// Begin one; the network's password is asked for
    New {
        ssid: String,
        /// Devices of that label; all without it
        #[arg(long)]
        label: Option<String>,
        /// Shares of the devices in percent, the last 100
        #[arg(long, value_delimiter = ',', default_value = "10,50,100")]
        stages: Vec<u32>,
        /// The share of failures that stops it, in percent
        #[arg(long, default_value_t = 20)]
        stop_at_failed_percent: u32,
        /// The network is open
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        password: PasswordFrom,
    },
    /// Show one, device by device
    Show { id: i64 },
    /// Stop one
    Stop { id: i64 },
}

const ROLLOUTS: &[Column] = &[
    ("ID", "/id"),
    ("NETWORK", "/network/ssid"),
    ("STATE", "/state"),
    ("STAGE", "/stage"),
    ("REASON", "/reason"),
];

impl Rollouts {
    pub(super) fn run(self, server: &Server) -> Result<(), Failure> {
        let client = server.client()?;
        match self.what {
            None => show_list(server, &client.list("/api/v1/rollouts")?, ROLLOUTS),
            Some(RolloutWord::New {
                ssid,
                label,
                stages,
                stop_at_failed_percent,
                open,
                password,
            }) => {
                let mut network = json!({"ssid": ssid});
                if !open {
                    let password = password.read(&format!("password of {ssid}"))?;
                    network["password"] = password.as_str().into();
                }
                let mut body = json!({
                    "network": network,
                    "stages": stages,
                    "stop_at_failed_percent": stop_at_failed_percent,
                });
                if let Some(label) = label {
                    body["label"] = label.into();
                }
                show_one(
                    server,
                    &client.json(Method::POST, "/api/v1/rollouts", Some(&body))?,
                )
            }
            Some(RolloutWord::Show { id }) => {
                let rollout = client.json(Method::GET, &format!("/api/v1/rollouts/{id}"), None)?;
                show_one(server, &rollout)
            }
            Some(RolloutWord::Stop { id }) => {
                let path = format!("/api/v1/rollouts/{id}/stop");
                show_one(server, &client.json(Method::POST, &path, None)?)
            }
        }
    }
}
