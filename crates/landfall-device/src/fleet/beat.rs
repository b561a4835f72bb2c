//! One heartbeat: what the device says, and what it makes of the answer.

use core::fmt::{self, Display, Write as _};

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapless::String;
use landfall_core::agent::{Answer, Failure, Input, read_answer};
use landfall_core::event_text::EventJson;
use landfall_protocol::key::DeviceKey;
use landfall_protocol::message::{
    Heartbeat, List, Lists, MARKS_PER_BEAT, Mark, MarkResult, Rollout, Station,
};
use landfall_protocol::path;
use landfall_protocol::seal::{Direction, Envelope, SEAL_LEN};

use super::client::Client;
use super::credential::{Credential, Stage};
use super::enroll::Piece;
use super::exchange::{ExchangeError, Post, Proof, Reply};
use super::marks::ID_MAX;
use crate::dial::{Dial, Url};
use crate::http::Timer;
use crate::runtime::{Clock, Device};

/// Most events in one heartbeat.
const EVENTS_PER_BEAT: usize = 16;

/// How the device shows who it is to that server: sealed, where the way there is open.
enum Way<'a> {
    Tls(&'a DeviceKey),
    Sealed(&'a DeviceKey),
}

impl<C: Clock, M: RawMutex, D: Dial, T: Timer> Client<'_, C, M, D, T> {
    /// Sends a heartbeat, and tells the agent what became of it.
    pub(super) async fn beat(&mut self, seq: u64, wait_s: u8, buffer: &mut [u8]) {
        let server = self.server.url.clone();
        let key = self.credential.as_ref().and_then(Credential::key).cloned();
        let (Some(url), Some(key)) = (Self::url(&server), key) else {
            return self.tell_agent(Input::Failed(Failure::Refused));
        };
        let way = if url.tls {
            Way::Tls(&key)
        } else {
            Way::Sealed(&key)
        };
        let Some(said) = self.write(seq, buffer) else {
            return self.tell_agent(Input::Failed(Failure::NoAnswer));
        };
        let answered = self.send(url, &way, seq, wait_s, buffer, said.len).await;
        let Some(answered) = answered else { return };
        let input = match answered {
            Ok(reply) => self.take(reply, &way, seq, &said, buffer).await,
            Err(_) => Input::Failed(Failure::NoAnswer),
        };
        self.tell_agent(input);
    }

    async fn send(
        &mut self,
        url: Url<'_>,
        way: &Way<'_>,
        seq: u64,
        wait_s: u8,
        buffer: &mut [u8],
        len: usize,
    ) -> Option<Result<Reply, ExchangeError>> {
        let id = self.id;
        let path = path::HEARTBEAT;
        let post = |proof| Post {
            url,
            path,
            proof,
            wait_s,
        };
        match way {
            Way::Tls(key) => {
                let digits = key.to_hex();
                let post = post(Proof::Bearer(digits.as_str()));
                self.exchange(&post, buffer, len).await
            }
            Way::Sealed(key) => {
                let hardware_id = id.as_str();
                let envelope = envelope(hardware_id, seq);
                let sealed = envelope.seal(key, Direction::ToServer, buffer, len).ok()?;
                let len = sealed.len();
                let post = post(Proof::Sealed { hardware_id, seq });
                self.exchange(&post, buffer, len).await
            }
        }
    }

    /// What an answer means for the agent; what it asks of the device is done first.
    async fn take(
        &mut self,
        reply: Reply,
        way: &Way<'_>,
        seq: u64,
        said: &Said,
        buffer: &mut [u8],
    ) -> Input {
        match reply.status {
            200 => {}
            401 | 403 => return Input::Failed(Failure::Refused),
            429 | 503 => return Input::Failed(Failure::Busy(reply.retry_after_s)),
            _ => return Input::Failed(Failure::NoAnswer),
        }
        let body = buffer.get_mut(..reply.body_len).unwrap_or_default();
        let id = self.id;
        let opened = match way {
            Way::Tls(_) => Ok(body),
            Way::Sealed(_) if !reply.is_sealed => return Input::Failed(Failure::NoAnswer),
            Way::Sealed(key) => envelope(id.as_str(), seq).open(key, Direction::ToDevice, body),
        };
        let answer = opened.ok().and_then(|body| read_answer(body));
        let Some(answer) = answer else {
            return Input::Failed(Failure::NoAnswer);
        };
        self.was_heard(said).await;
        self.take_marks(&answer);
        let rekeyed = self.take_key(&answer).await;
        let applied = match &answer.configuration {
            Some(configuration) => self.apply(&answer, configuration).await,
            None => false,
        };
        let left = |device: &mut Device| device.fleet.marks.unanswered().next().is_some();
        Input::Answered {
            next_ms: answer.next_ms,
            changed: applied || rekeyed,
            took: said.marks && self.shared().look(left) == Some(false),
        }
    }

    /// The server has heard what was said.
    async fn was_heard(&mut self, said: &Said) {
        self.next_event = said.next_event;
        if said.outcome && self.record.outcome.take().is_some() {
            self.save_record().await;
        }
        if said.proven {
            self.trial_was_heard().await;
        }
    }

    fn take_marks(&self, answer: &Answer<'_>) {
        let judged = answer.marks().filter_map(|mark| {
            let id = mark.id.decode::<ID_MAX>().ok()?;
            let result = MarkResult::ALL
                .into_iter()
                .find(|result| mark.result.is(result.name()));
            // A word that is not known yet acknowledges too.
            Some((id, result.unwrap_or(MarkResult::Invalid)))
        });
        for (id, result) in judged {
            let answered = |device: &mut Device| device.fleet.marks.answered(&id, result);
            self.shared().look(answered);
        }
        self.shared().tell();
    }

    /// A new key is kept before it is used: the old one is good until then. Whether there was one.
    async fn take_key(&mut self, answer: &Answer<'_>) -> bool {
        let digits = answer.new_key.and_then(|key| key.decode::<64>().ok());
        let key = digits.and_then(|digits| DeviceKey::parse(&digits));
        let (Some(key), Some(credential)) = (key, &mut self.credential) else {
            return false;
        };
        let old = core::mem::replace(&mut credential.stage, Stage::Accepted(key));
        let kept = self.save_credential().await;
        if let (false, Some(credential)) = (kept, &mut self.credential) {
            credential.stage = old;
        }
        kept
    }

    /// Writes what the device says, with as many events and marks as fit.
    fn write(&self, seq: u64, buffer: &mut [u8]) -> Option<Said> {
        let room = buffer.len().checked_sub(SEAL_LEN)?;
        let room = buffer.get_mut(..room)?;
        let tries = [
            (EVENTS_PER_BEAT, MARKS_PER_BEAT),
            (EVENTS_PER_BEAT / 4, MARKS_PER_BEAT / 2),
            (0, MARKS_PER_BEAT / 4),
        ];
        tries
            .into_iter()
            .find_map(|(events, marks)| self.write_some(seq, room, events, marks))
    }

    fn write_some(&self, seq: u64, room: &mut [u8], events: usize, marks: usize) -> Option<Said> {
        let mut boot = String::<10>::new();
        write!(boot, "{}", self.boot).ok()?;
        let now = self.now();
        let record = &self.record;
        self.shared().look(|device| {
            let status = device.manager().status();
            let (ssid, ap_ssid) = (status.ssid, status.ap_ssid);
            let first = self.next_event;
            let lists = Said::lists(device, first, events, marks);
            let next_event = lists.next_event();
            let heartbeat = Heartbeat {
                hardware_id: self.id.as_str(),
                device_id: some(&record.device_id),
                boot_id: Some(&boot),
                seq: Some(seq),
                uptime_ms: Some(now.as_ms()),
                state: Some(status.state.name()),
                ssid: ssid.as_ref().and_then(|ssid| ssid.as_str()),
                rssi: status.rssi,
                ip: status.station_ip,
                firmware: Some(self.firmware.firmware),
                chip: Some(self.firmware.chip),
                config_version: (record.version > 0).then_some(record.version),
                config_hash: some(&record.hash),
                config_error: some(&record.error),
                ap_ssid: ap_ssid.as_str(),
                rollout: self.rollout(),
                station_capacity: Some(device.manager().wifi().ap.max_clients),
                free_heap: (self.firmware.free_heap)(),
                lists,
            };
            let mut out = Piece::new(room);
            write!(out, "{heartbeat}").ok()?;
            let len = out.len;
            let marks = device.fleet.marks.unanswered().next().is_some();
            Some(Said {
                len,
                next_event,
                outcome: record.outcome.is_some(),
                proven: record.outcome.is_none() && self.agent.is_on_trial(),
                marks,
            })
        })?
    }

    /// What became of a roll-out: said until the server has heard it. A heartbeat over a network on
    /// trial is its proof.
    fn rollout(&self) -> Option<Rollout<'_>> {
        let outcome = self.record.outcome.as_ref();
        let outcome = outcome.map(|(id, class)| Rollout {
            id: *id,
            rolled_back: (!class.is_empty()).then_some(class.as_str()),
        });
        let trial = self.record.trial.as_ref();
        let trial = trial.filter(|_| self.agent.is_on_trial());
        outcome.or(trial.map(|trial| Rollout {
            id: trial.rollout,
            rolled_back: None,
        }))
    }
}

/// The text; none where it is empty.
fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn envelope(hardware_id: &str, seq: u64) -> Envelope<'_> {
    Envelope {
        method: "POST",
        path: path::HEARTBEAT,
        hardware_id,
        seq,
    }
}

/// What a heartbeat said that the server has heard with its answer.
pub(super) struct Said {
    len: usize,
    next_event: u32,
    /// What became of a roll-out.
    outcome: bool,
    /// That the network on trial is proven.
    proven: bool,
    /// Marks.
    marks: bool,
}

impl Said {
    fn lists(device: &Device, first_event: u32, events: usize, marks: usize) -> DeviceLists<'_> {
        DeviceLists {
            device,
            first_event,
            events,
            marks,
        }
    }
}

/// The lists of a heartbeat, read where they are.
struct DeviceLists<'d> {
    device: &'d Device,
    first_event: u32,
    events: usize,
    marks: usize,
}

impl DeviceLists<'_> {
    /// The number behind the last event that is said.
    fn next_event(&self) -> u32 {
        let said = self.said_events().last();
        said.map_or(self.first_event, |record| record.seq.wrapping_add(1))
    }

    fn said_events(&self) -> impl Iterator<Item = &landfall_core::event::Record> {
        let all = self.device.history().iter();
        all.filter(|record| record.seq >= self.first_event)
            .take(self.events)
    }

    fn stations(&self, element: &mut dyn FnMut(&dyn Display) -> fmt::Result) -> fmt::Result {
        for client in self.device.clients() {
            let mut station = String::<17>::new();
            write!(station, "{}", client.mac)?;
            element(&Station {
                station: &station,
                since_ms: client.since.as_ms(),
                rssi: client.rssi,
            })?;
        }
        Ok(())
    }

    fn marks(&self, element: &mut dyn FnMut(&dyn Display) -> fmt::Result) -> fmt::Result {
        for (_, waiting) in self.device.fleet.marks.unanswered().take(self.marks) {
            let (mut boot, mut station) = (String::<10>::new(), String::<17>::new());
            write!(boot, "{}", waiting.boot)?;
            if let Some(mac) = waiting.station {
                write!(station, "{mac}")?;
            }
            element(&Mark {
                id: &waiting.id(),
                session_id: waiting.session_id,
                matric: &waiting.matric,
                code: (!waiting.code.is_empty()).then_some(&*waiting.code),
                taken_uptime_ms: waiting.taken_ms,
                boot_id: &boot,
                station: (!station.is_empty()).then_some(&*station),
            })?;
        }
        Ok(())
    }
}

impl Lists for DeviceLists<'_> {
    fn list(
        &self,
        name: List,
        element: &mut dyn FnMut(&dyn Display) -> fmt::Result,
    ) -> fmt::Result {
        match name {
            List::Stations => self.stations(element),
            List::Marks => self.marks(element),
            List::Events => {
                let wifi = self.device.manager().wifi();
                let mut said = self.said_events();
                said.try_for_each(|record| element(&EventJson { record, wifi }))
            }
        }
    }
}
