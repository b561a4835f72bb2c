//! What the device shows its server, as the flash keeps it.
//!
//! It belongs to one server and one claim: with another URL or another claim the device enrols anew,
//! and keeps the key it had until it has the next one.

use heapless::String;
use landfall_core::config::URL_MAX;
use landfall_core::config::stored::bytes::{Cursor, Writer};
use landfall_protocol::claim::{CLAIM_ID_LEN, Nonce};
use landfall_protocol::key::DeviceKey;

/// Most bytes of it in flash.
#[cfg(test)]
const CREDENTIAL_LEN_MAX: usize = 2 + (2 + URL_MAX) + CLAIM_ID_LEN + 1 + 16 + 33;

/// How the device stands with one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credential {
    /// The server.
    pub(super) url: String<URL_MAX>,
    /// The claim by which it enrolled or does; empty: by a key of its own making.
    pub(super) claim_id: String<CLAIM_ID_LEN>,
    pub(super) stage: Stage,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It asks by a claim, with that number: the same one again gets the same answer, should the
    /// first be lost.
    Claiming(Nonce),
    /// It has made a key, which waits to be accepted.
    Waiting(DeviceKey),
    /// The server has accepted the key.
    Accepted(DeviceKey),
}

impl Credential {
    /// Whether it is for that server and claim. A device that was accepted needs its claim no more.
    pub(super) fn fits(&self, url: &str, claim_id: Option<&str>) -> bool {
        let same_claim = match claim_id {
            Some(id) => self.claim_id == id,
            None => self.claim_id.is_empty() || matches!(self.stage, Stage::Accepted(_)),
        };
        self.url == url && same_claim
    }

    /// The key, where there is one.
    pub(super) fn key(&self) -> Option<&DeviceKey> {
        match &self.stage {
            Stage::Claiming(_) => None,
            Stage::Waiting(key) | Stage::Accepted(key) => Some(key),
        }
    }

    /// Writes it as the flash keeps it.
    pub(super) fn encode<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let mut w = Writer::new(buffer);
        w.text(&self.url);
        w.text(&self.claim_id);
        match &self.stage {
            Stage::Claiming(nonce) => {
                w.byte(0);
                w.raw(&nonce.0);
            }
            Stage::Waiting(key) => {
                w.byte(1);
                w.raw(key.expose());
            }
            Stage::Accepted(key) => {
                w.byte(2);
                w.raw(key.expose());
            }
        }
        w.finish().ok()
    }

    /// Reads it; none where it is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut r = Cursor::new(bytes);
        let url = String::try_from(r.text()).ok()?;
        let claim_id = String::try_from(r.text()).ok()?;
        let stage = match r.byte() {
            0 => Stage::Claiming(Nonce(r.array())),
            1 => Stage::Waiting(DeviceKey::new(r.array())),
            2 => Stage::Accepted(DeviceKey::new(r.array())),
            _ => return None,
        };
        let credential = Self {
            url,
            claim_id,
            stage,
        };
        r.is_whole().then_some(credential)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_back_from_flash_as_it_went() {
        let key = || DeviceKey::new([7; 32]);
        for stage in [
            Stage::Claiming(Nonce([3; 16])),
            Stage::Waiting(key()),
            Stage::Accepted(key()),
        ] {
            let credential = Credential {
                url: "x".repeat(URL_MAX).as_str().try_into().unwrap(),
                claim_id: "LANDF".try_into().unwrap(),
                stage,
            };
            let mut buffer = [0; CREDENTIAL_LEN_MAX];
            let bytes = credential.encode(&mut buffer).unwrap();
            assert_eq!(Credential::decode(bytes), Some(credential));
            assert_eq!(Credential::decode(&bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(Credential::decode(&[]), None);
    }

    #[test]
    fn another_server_or_claim_is_another_credential() {
        let accepted = Credential {
            url: "http://a".try_into().unwrap(),
            claim_id: "LANDF".try_into().unwrap(),
            stage: Stage::Accepted(DeviceKey::new([7; 32])),
        };
        assert!(accepted.fits("http://a", Some("LANDF")) && accepted.fits("http://a", None));
        assert!(!accepted.fits("http://a", Some("OTHER")) && !accepted.fits("http://b", None));
        let stage = Stage::Claiming(Nonce([0; 16]));
        assert!(!Credential { stage, ..accepted }.fits("http://a", None));
    }
}
