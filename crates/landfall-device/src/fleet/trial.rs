//! A network that was rolled out: a candidate like any other, and then kept only if the server is
//! heard over it in time. What was before comes back otherwise, and the server hears why.

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapless::String;
use landfall_core::agent::Input;
use landfall_core::command::{Command, Door, Refusal};
use landfall_core::config::KnownNetwork;
use landfall_core::event::Event;
use landfall_core::net::{Security, Ssid};
use landfall_core::radio::FailureClass;

use super::client::Client;
use super::record::Trial;
use crate::dial::Dial;
use crate::http::Timer;
use crate::runtime::{Clock, JoinError};

/// Bound of the machine's answer, and of the proof that follows.
const REPLY_MS: u32 = 10_000;
const PROOF_MS: u32 = 30_000;

impl<C: Clock, M: RawMutex, D: Dial, T: Timer> Client<'_, C, M, D, T> {
    /// Tries a network of a roll-out.
    pub(super) async fn begin_trial(&mut self, rollout: u32, ssid: Ssid, security: Security) {
        let before = self.known(&ssid);
        let in_use = before.as_ref() == Some(&security)
            && self.wifi.status().ssid == Some(ssid)
            && self.wifi.sta_is_connected();
        self.record.trial = Some(Trial {
            rollout,
            ssid,
            before,
        });
        if !self.save_record().await {
            self.record.trial = None;
            return;
        }
        if in_use {
            return self.tell_agent(Input::TrialBegins);
        }
        self.connection = None;
        match self.join(ssid, security).await {
            Ok(()) => self.tell_agent(Input::TrialBegins),
            Err(JoinError::Refused(Refusal::Busy) | JoinError::Call(_)) => {
                // Another time: the server goes on sending it.
                self.record.trial = None;
                self.record.hash.clear();
                self.save_record().await;
            }
            Err(JoinError::Failed(class)) => self.end_trial(class.name(), Some(class)).await,
            Err(JoinError::Refused(Refusal::ListFull)) => self.end_trial("list_full", None).await,
            Err(JoinError::SaveFailed | JoinError::Refused(Refusal::SaveFailed)) => {
                self.end_trial("save_failed", None).await;
            }
            Err(JoinError::Refused(_)) => self.end_trial("forbidden", None).await,
            Err(JoinError::Interrupted) => self.end_trial("interrupted", None).await,
        }
    }

    async fn join(&self, ssid: Ssid, security: Security) -> Result<(), JoinError> {
        let command = Command::Join { ssid, security };
        let call = self.shared().begin(Door::Fleet, command)?;
        if let landfall_core::command::Reply::Refused(refusal) = call.reply(REPLY_MS).await? {
            return Err(JoinError::Refused(refusal));
        }
        call.outcome(PROOF_MS).await?.map(drop)
    }

    /// How the device gets into that network as things stand; none: it does not know it.
    fn known(&self, ssid: &Ssid) -> Option<Security> {
        let known = self.shared().look(|device| {
            let networks = &device.manager().wifi().networks;
            let known = networks.iter().find(|network| network.ssid == *ssid);
            known.map(|network| network.security.clone())
        });
        known.flatten()
    }

    /// The server has heard that the network is proven.
    pub(super) async fn trial_was_heard(&mut self) {
        self.tell_agent(Input::TrialEnds);
        if let Some(trial) = self.record.trial.take() {
            self.record.has_tried(trial.rollout);
            self.save_record().await;
        }
    }

    /// The network on trial is undone: what was known before is known again.
    pub(super) async fn roll_back(&mut self, class: &'static str) {
        self.tell_agent(Input::TrialEnds);
        let Some(trial) = self.record.trial.clone() else {
            return;
        };
        self.connection = None;
        let now = self.known(&trial.ssid);
        if now != trial.before {
            if now.is_some() {
                // Where it is refused the network stays known: better one too many.
                let _ = self.command(Command::Remove(trial.ssid)).await;
            }
            if let Some(before) = &trial.before {
                let network = KnownNetwork::new(trial.ssid, before.clone());
                let _ = self.command(Command::Add(network)).await;
            }
        }
        self.end_trial(class, None).await;
    }

    /// The trial is over; the server hears why.
    async fn end_trial(&mut self, class: &'static str, failure: Option<FailureClass>) {
        let Some(trial) = self.record.trial.take() else {
            return;
        };
        self.record.has_tried(trial.rollout);
        let class = String::try_from(class).unwrap_or_default();
        self.record.outcome = Some((trial.rollout, class));
        self.save_record().await;
        self.tell(Event::ConfigReverted {
            version: self.record.version,
            class: failure,
        });
    }
}
