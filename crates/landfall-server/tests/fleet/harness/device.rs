//! A device as the server sees one: it enrols, and beats with its key as it is or sealing.

use std::sync::atomic::{AtomicU64, Ordering};

use landfall_protocol::claim::{Claim, Nonce, Proof};
use landfall_protocol::hardware_id::HardwareId;
use landfall_protocol::key::DeviceKey;
use landfall_protocol::path::{ENROLL, HEARTBEAT};
use landfall_protocol::seal::{Direction, Envelope, SEAL_LEN};
use serde_json::{Value, json};

use super::client::Answer;
use super::{Client, World};

/// A device that has a key.
pub(crate) struct Device {
    pub(crate) id: HardwareId,
    pub(crate) key: DeviceKey,
    stranger: Client,
    seq: AtomicU64,
}

impl Device {
    /// The device of that number, enrolled by a claim.
    pub(crate) async fn claimed(world: &World, number: u8) -> Self {
        Self::claimed_with(world, number, json!({})).await
    }

    /// The same, by a claim that says more.
    pub(crate) async fn claimed_with(world: &World, number: u8, claim: Value) -> Self {
        let admin = world.admin().await;
        let made = admin.post("/api/v1/claims", claim).await.status(201);
        let claim = Claim::parse(made.json["code"].as_str().unwrap()).unwrap();
        let id = id_of(number);
        let nonce = Nonce([number; 16]);
        let stranger = world.stranger();
        let ask = claim_request(&claim, &id, nonce);
        let answer = stranger.post(ENROLL, ask).await.status(201);
        let key = key_of(&claim, &id, nonce, &answer.json);
        Self::with_key(world, id, key)
    }

    /// A device that has that key, whether or not the server knows it.
    pub(crate) fn with_key(world: &World, id: HardwareId, key: DeviceKey) -> Self {
        Self {
            id,
            key,
            stranger: world.stranger(),
            seq: AtomicU64::new(1 << 32),
        }
    }

    /// The same device, asking another server.
    pub(crate) fn at(&self, address: std::net::SocketAddr) -> Self {
        Self {
            id: self.id,
            key: self.key.clone(),
            stranger: self.stranger.at(address),
            seq: AtomicU64::new(self.seq.load(Ordering::Relaxed)),
        }
    }

    /// Its path among those of people.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/api/v1/devices/{}{rest}", self.id)
    }

    /// Who asks with its key.
    pub(crate) fn bearer(&self) -> Client {
        let bearer = format!("Bearer {}", self.key.to_hex().as_str());
        self.stranger.header("authorization", &bearer)
    }

    /// Beats with its key as it is, saying this beside its id.
    pub(crate) async fn beat(&self, more: Value) -> Answer {
        self.bearer().post(HEARTBEAT, self.says(more)).await
    }

    /// What a heartbeat that was taken is answered.
    pub(crate) async fn told(&self, more: Value) -> Value {
        self.beat(more).await.status(200).json
    }

    /// What a heartbeat says.
    pub(crate) fn says(&self, mut more: Value) -> Value {
        more["hardware_id"] = self.id.as_str().into();
        more
    }

    /// A number that was not used before.
    pub(crate) fn next_seq(&self) -> u64 {
        self.seq.fetch_add(1, Ordering::Relaxed)
    }

    /// Beats with a sealed body under that number; the status and what the answer holds.
    pub(crate) async fn sealed(&self, seq: u64, more: Value) -> (u16, Value) {
        let mut body = self.says(more).to_string().into_bytes();
        let len = body.len();
        body.resize(len + SEAL_LEN, 0);
        let envelope = Envelope {
            method: "POST",
            path: HEARTBEAT,
            hardware_id: self.id.as_str(),
            seq,
        };
        let sealed = envelope.seal(&self.key, Direction::ToServer, &mut body, len);
        let sealed = sealed.unwrap().to_vec();
        let client = self
            .stranger
            .header("content-type", "application/landfall-sealed")
            .header("x-landfall-device", self.id.as_str())
            .header("x-landfall-seq", &seq.to_string());
        let answer = client.send("POST", HEARTBEAT, sealed).await;
        if answer.code != 200 {
            return (answer.code, answer.json);
        }
        assert_eq!(
            answer.headers["content-type"],
            "application/landfall-sealed"
        );
        let mut body = answer.body.to_vec();
        let opened = envelope.open(&self.key, Direction::ToDevice, &mut body);
        let opened = serde_json::from_slice(opened.unwrap()).unwrap();
        (answer.code, opened)
    }
}

/// The hardware id of that number.
pub(crate) fn id_of(number: u8) -> HardwareId {
    HardwareId::of_mac([0x24, 0x6f, 0x28, 0, 0, number])
}

/// What a device sends that enrols by a claim.
pub(crate) fn claim_request(claim: &Claim, id: &HardwareId, nonce: Nonce) -> Value {
    json!({
        "hardware_id": id.as_str(),
        "claim_id": claim.id(),
        "device_nonce": nonce.to_hex().as_str(),
        "proof": claim.enroll_proof(id, nonce).to_hex().as_str(),
    })
}

/// The key that both sides have after that answer, which has to prove itself.
pub(crate) fn key_of(claim: &Claim, id: &HardwareId, nonce: Nonce, answer: &Value) -> DeviceKey {
    let server = Nonce::parse(answer["server_nonce"].as_str().unwrap()).unwrap();
    let proof = Proof::parse(answer["proof"].as_str().unwrap()).unwrap();
    assert!(claim.is_accept_proof(id, nonce, server, &proof));
    claim.derive_key(id, nonce, server)
}
