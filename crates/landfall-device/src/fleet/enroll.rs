//! Enrolment: by a claim, or with a key of the device's own that somebody accepts.

use core::fmt::Write as _;

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapless::String;
use landfall_core::agent::{self, Failure, Input};
use landfall_core::json;
use landfall_protocol::claim::{Claim, NONCE_LEN, Nonce, Proof};
use landfall_protocol::key::{DeviceKey, KEY_LEN};
use landfall_protocol::message::{EnrollByClaim, EnrollPending};
use landfall_protocol::path;
use zeroize::Zeroize;

use super::client::Client;
use super::credential::{Credential, Stage};
use super::exchange::{self, Post};
use crate::dial::{Dial, Url};
use crate::http::Timer;
use crate::runtime::Clock;

impl<C: Clock, M: RawMutex, D: Dial, T: Timer> Client<'_, C, M, D, T> {
    /// Asks for a key once, and tells the agent what became of it.
    pub(super) async fn enroll(&mut self, buffer: &mut [u8]) {
        if !self.begin_enrolment().await {
            return self.tell_agent(Input::Failed(Failure::NoAnswer));
        }
        let (Some(len), Some(url)) = (self.write_enrolment(buffer), self.server_url()) else {
            return self.tell_agent(Input::Failed(Failure::Refused));
        };
        let Some(url) = Self::url(&url).filter(|url: &Url<'_>| !url.host.is_empty()) else {
            return self.tell_agent(Input::Failed(Failure::Refused));
        };
        let post = Post {
            url,
            path: path::ENROLL,
            proof: exchange::Proof::None,
            wait_s: 0,
        };
        let Some(answered) = self.exchange(&post, buffer, len).await else {
            return;
        };
        let input = match answered {
            Ok(reply) => {
                let body = buffer.get(..reply.body_len).unwrap_or_default();
                self.take_enrolment(reply.status, reply.retry_after_s, body)
                    .await
            }
            Err(_) => Input::Failed(Failure::NoAnswer),
        };
        self.tell_agent(input);
    }

    fn server_url(&self) -> Option<String<{ landfall_core::config::URL_MAX }>> {
        Some(self.server.url.clone())
    }

    /// Makes what is asked with, and keeps it: an answer that gets lost can be asked for again, after
    /// a restart too. False where there are no random numbers, or the store does not take it.
    async fn begin_enrolment(&mut self) -> bool {
        let claim = self.server.claim();
        let claim_id = claim.as_ref().map(Claim::id);
        let url = &self.server.url;
        if self
            .credential
            .as_ref()
            .is_some_and(|c| c.fits(url, claim_id))
        {
            return true;
        }
        let stage = match claim_id {
            Some(_) => {
                let mut nonce = [0; NONCE_LEN];
                if !(self.firmware.random)(&mut nonce) {
                    return false;
                }
                Stage::Claiming(Nonce(nonce))
            }
            None => {
                let mut key = [0; KEY_LEN];
                if !(self.firmware.random)(&mut key) {
                    return false;
                }
                let made = DeviceKey::new(key);
                key.zeroize();
                Stage::Waiting(made)
            }
        };
        let claim_id = String::try_from(claim_id.unwrap_or_default()).unwrap_or_default();
        let url = url.clone();
        self.credential = Some(Credential {
            url,
            claim_id,
            stage,
        });
        self.save_credential().await
    }

    /// Writes the request; gives its length.
    fn write_enrolment(&self, buffer: &mut [u8]) -> Option<usize> {
        let mut out = Piece::new(buffer);
        let written = match &self.credential.as_ref()?.stage {
            Stage::Claiming(nonce) => {
                let claim = self.server.claim()?;
                let message = EnrollByClaim {
                    hardware_id: &self.id,
                    claim_id: claim.id(),
                    device_nonce: *nonce,
                    proof: &claim.enroll_proof(&self.id, *nonce),
                };
                write!(out, "{message}")
            }
            Stage::Waiting(device_key) | Stage::Accepted(device_key) => {
                let message = EnrollPending {
                    hardware_id: &self.id,
                    device_key,
                };
                write!(out, "{message}")
            }
        };
        written.ok().map(|()| out.len)
    }

    /// What the answer means for the agent; an accepted key is kept first.
    async fn take_enrolment(&mut self, status: u16, retry_after_s: u16, body: &[u8]) -> Input {
        match status {
            200 | 201 => {}
            202 => return Input::Pending,
            429 | 503 => return Input::Failed(Failure::Busy(retry_after_s)),
            401 | 403 => return Input::Failed(Failure::Refused),
            _ => return Input::Failed(Failure::NoAnswer),
        }
        let Some(key) = self.accepted_key(body) else {
            return Input::Failed(Failure::NoAnswer);
        };
        if let Some(credential) = &mut self.credential {
            credential.stage = Stage::Accepted(key);
        }
        if self.save_credential().await {
            Input::Credential(agent::Credential::Key)
        } else {
            Input::Failed(Failure::NoAnswer)
        }
    }

    /// The key that the answer is about; none where it is no answer to what was asked, or comes from
    /// somebody who does not know the claim.
    fn accepted_key(&self, body: &[u8]) -> Option<DeviceKey> {
        let root = json::parse(body).ok()?;
        let text = |name| root.member(name)?.as_text();
        if !text("status")?.is("accepted") {
            return None;
        }
        match &self.credential.as_ref()?.stage {
            Stage::Claiming(nonce) => {
                let server = text("server_nonce")?.decode::<{ 2 * NONCE_LEN }>().ok()?;
                let server = Nonce::parse(&server)?;
                let proof = text("proof")?.decode::<64>().ok()?;
                let proof = Proof::parse(&proof)?;
                let claim = self.server.claim()?;
                claim
                    .is_accept_proof(&self.id, *nonce, server, &proof)
                    .then(|| claim.derive_key(&self.id, *nonce, server))
            }
            Stage::Waiting(key) | Stage::Accepted(key) => Some(key.clone()),
        }
    }
}

/// Writes into the front of a buffer; what does not fit is an error.
pub(super) struct Piece<'b> {
    buffer: &'b mut [u8],
    pub(super) len: usize,
}

impl<'b> Piece<'b> {
    pub(super) fn new(buffer: &'b mut [u8]) -> Self {
        Self { buffer, len: 0 }
    }
}

impl core::fmt::Write for Piece<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.len + text.len();
        let place = self.buffer.get_mut(self.len..end).ok_or(core::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
