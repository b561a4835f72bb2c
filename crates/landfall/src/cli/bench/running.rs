//! A server that runs already: devices are enrolled there for the measurement, and retired at its end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use landfall_protocol::claim::{Claim, Nonce, Proof};
use landfall_protocol::key::DeviceKey;
use serde_json::{Value, json};
use ureq::http::Method;

use super::devices::{Known, id_of};
use super::tls::Target;
use super::{Failure, Way};
use crate::cli::fleet::client::{Client, Server};

/// How long a claim lives that is used at once.
const CLAIM_S: u32 = 600;

/// What a server used since its start, and the memory that it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    pub(super) cpu: Duration,
    pub(super) rss_bytes: u64,
}

/// A server that somebody else runs.
pub(super) struct Running {
    client: Arc<Client>,
    ca: Option<PathBuf>,
    count: u32,
}

impl Running {
    /// The server at that URL, which so many devices are to enrol at.
    pub(super) fn at(url: &str, ca: Option<PathBuf>, count: u32) -> Result<Self, Failure> {
        let client = Arc::new(Server::at(url.to_owned(), ca.clone()).client()?);
        Ok(Self { client, ca, count })
    }

    /// How its devices reach it.
    pub(super) fn target(&self, way: Way) -> Result<Target, Failure> {
        Target::of(self.client.url(), self.ca.as_deref(), way)
    }

    /// Enrols the devices by claims, which works over every kind of connection.
    pub(super) async fn enrol(&self) -> Result<Vec<Known>, Failure> {
        let (client, count) = (self.client.clone(), self.count);
        blocking(move || (0..count).map(|number| enrol(&client, number)).collect()).await
    }

    /// What the server says of itself.
    pub(super) async fn used(&self) -> Result<Used, Failure> {
        let client = self.client.clone();
        blocking(move || {
            let told = client.ask(Method::GET, "/metrics", None)?;
            let text = String::from_utf8_lossy(&told.body);
            let figure = |name| figure(&text, name);
            let cpu = figure("process_cpu_seconds_total");
            let rss = figure("process_resident_memory_bytes");
            let (Some(cpu), Some(rss)) = (cpu, rss) else {
                let why = "it does not say what it uses";
                return Err(Failure::new(
                    "/metrics",
                    why,
                    "see that it is a fleet server",
                ));
            };
            Ok(Used {
                cpu: Duration::from_secs_f64(cpu.max(0.0)),
                rss_bytes: rss as u64,
            })
        })
        .await
    }

    /// Retires the devices that are there; some are not where the measurement was ended early.
    pub(super) async fn leave(&self) {
        let (client, count) = (self.client.clone(), self.count);
        let retired = blocking(move || {
            for number in 0..count {
                let path = format!("/api/v1/devices/{}/retire", id_of(number).as_str());
                if let Err(failure) = client.json(Method::POST, &path, None) {
                    tracing::warn!("a device of the measurement is not retired: {failure}");
                }
            }
            Ok(())
        });
        // It does not fail.
        let _ = retired.await;
    }
}

/// Enrols the device of that number. One that was there before gets a new key.
fn enrol(client: &Client, number: u32) -> Result<Known, Failure> {
    let failed = || Failure::new("enrol", "the server's answer is none", "report it");
    let wanted = json!({"expires_in_s": CLAIM_S});
    let made = client.json(Method::POST, "/api/v1/claims", Some(&wanted))?;
    let claim = made["code"]
        .as_str()
        .and_then(|code| Claim::parse(code).ok());
    let claim = claim.ok_or_else(failed)?;
    let id = id_of(number);
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|e| Failure::new("enrol", e, "try again"))?;
    let device = Nonce(random);
    let body = json!({
        "hardware_id": id.as_str(), "claim_id": claim.id(), "device_nonce": device.to_hex().as_str(),
        "proof": claim.enroll_proof(&id, device).to_hex().as_str(),
    });
    let answer = client.json(Method::POST, "/api/v1/enroll", Some(&body))?;
    key_of(&claim, &answer, &id, device)
        .map(|key| (id, key))
        .ok_or_else(failed)
}

/// The key that claim and answer give; none where the answer is not of who made the claim.
fn key_of(
    claim: &Claim,
    answer: &Value,
    id: &landfall_protocol::hardware_id::HardwareId,
    device: Nonce,
) -> Option<DeviceKey> {
    let server = Nonce::parse(answer["server_nonce"].as_str()?)?;
    let proof = Proof::parse(answer["proof"].as_str()?)?;
    claim
        .is_accept_proof(id, device, server, &proof)
        .then(|| claim.derive_key(id, device, server))
}

/// Runs what waits for answers beside what is measured.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let ended = tokio::task::spawn_blocking(work).await;
    ended.unwrap_or_else(|e| Err(Failure::new("bench", e, "report it")))
}

/// The value of a figure in Prometheus' text, named with its labels.
pub(super) fn figure(text: &str, name: &str) -> Option<f64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::figure;

    #[test]
    fn figures_are_read_by_their_whole_name() {
        let text = "# HELP a_total x\na_total_b 7\na_total{x=\"1\"} 8\na_total 1.5\n";
        assert_eq!(figure(text, "a_total"), Some(1.5));
        assert_eq!(figure(text, "b"), None);
    }
}
