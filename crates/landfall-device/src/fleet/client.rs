//! The task that talks to the server.

use core::convert::Infallible;

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::raw::RawMutex;
use heapless::String;
use landfall_core::agent::{self, Agent, Input, Output, Request, Standing};
use landfall_core::command::{Command, Door, Refusal, Reply};
use landfall_core::config::{CLAIM_MAX, Secret, URL_MAX};
use landfall_core::console::{FleetStanding, FleetStatus};
use landfall_core::time::Instant;
use landfall_protocol::claim::Claim;
use landfall_protocol::hardware_id::HardwareId;
use landfall_protocol::path::HEARTBEAT_MAX;
use zeroize::Zeroize;

use super::credential::{Credential, Stage};
use super::exchange::{self, ExchangeError, Post, Reply as HttpReply};
use super::item::{ITEM_MAX, Way};
use super::marks::{MARK_LEN_MAX, Waiting};
use super::record::Record;
use crate::dial::{Dial, HTTP, Url};
use crate::http::Timer;
use crate::runtime::{Clock, Device, Shared, Wifi};
use crate::store::{Key, MARKS_MAX};

/// Bytes of the buffer that requests and answers go through: a whole heartbeat, sealed.
pub const BUFFER_LEN: usize = HEARTBEAT_MAX;
/// Time for a request and its answer, beside what the server was asked to wait.
const EXCHANGE_MS: u32 = 15_000;
/// Bound of the machine's answer to a command.
const REPLY_MS: u32 = 10_000;
/// Time before a command is tried again that the machine was too busy for.
const BUSY_MS: u32 = 1_000;
/// How often it is: longer than a proof lasts.
const BUSY_TRIES: u8 = 40;

/// What the device says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Firmware<'a> {
    /// Name and version of the program.
    pub firmware: &'a str,
    /// What it runs on.
    pub chip: &'a str,
    /// Bytes of heap that are free, where there is one.
    pub free_heap: fn() -> Option<u32>,
    /// Fills a buffer with random bytes, for keys; false: there are none.
    pub random: fn(&mut [u8]) -> bool,
}

/// The device's client of its fleet server. One for each device; it lives as long as a boot.
pub struct Client<'a, C: 'static, M: RawMutex + 'static, D: Dial, T> {
    pub(super) wifi: Wifi<C, M>,
    pub(super) dialer: &'a D,
    pub(super) timer: &'a T,
    pub(super) firmware: Firmware<'a>,
    pub(super) id: HardwareId,
    pub(super) boot: u32,
    pub(super) agent: Agent,
    pub(super) server: Server,
    pub(super) credential: Option<Credential>,
    pub(super) record: Record,
    pub(super) connection: Option<D::Connection<'a>>,
    /// The number of the next event that the server has not heard of.
    pub(super) next_event: u32,
    online: bool,
    marks_seen: u32,
}

/// The server that was configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) url: String<URL_MAX>,
    pub(super) claim: Secret<CLAIM_MAX>,
}

impl Server {
    fn of(device: &Device) -> Self {
        Self {
            url: device.services.fleet_url.clone(),
            claim: device.services.fleet_claim.clone(),
        }
    }

    fn is_of(&self, device: &Device) -> bool {
        self.url == device.services.fleet_url && self.claim == device.services.fleet_claim
    }

    /// The claim, where there is one.
    pub(super) fn claim(&self) -> Option<Claim> {
        Claim::parse(self.claim.expose()).ok()
    }
}

/// What ends a request early.
enum Interrupted {
    /// The answer is here.
    Answered(Result<HttpReply, ExchangeError>),
    /// Something else comes first.
    Other,
}

impl<'a, C: Clock, M: RawMutex, D: Dial, T: Timer> Client<'a, C, M, D, T> {
    /// The client of that device, which was built. It does nothing until it [runs](Self::run).
    // Inlined, so that it comes to be where it stays: it is large for a chip's stack.
    #[inline(always)]
    pub fn new(wifi: Wifi<C, M>, dialer: &'a D, timer: &'a T, firmware: Firmware<'a>) -> Self {
        Self {
            wifi,
            dialer,
            timer,
            firmware,
            id: HardwareId::of_mac(wifi.status().mac.0),
            boot: 0,
            agent: Agent::new(0, 0),
            server: Server::default(),
            credential: None,
            record: Record::default(),
            connection: None,
            next_event: 1,
            online: false,
            marks_seen: 0,
        }
    }

    /// Talks to the server for as long as the device runs.
    pub async fn run(&mut self, buffer: &mut [u8; BUFFER_LEN]) -> Infallible {
        self.open().await;
        self.restore().await;
        loop {
            self.look().await;
            match self.agent.poll_output() {
                Output::Wait(deadline) => self.rest(deadline).await,
                Output::Ask(Request::Enroll) => self.enroll(buffer).await,
                Output::Ask(Request::Beat { seq, wait_s }) => {
                    self.beat(seq, wait_s, buffer).await;
                }
                Output::Abandon => self.connection = None,
                Output::RollBack => self.roll_back("no_heartbeat").await,
            }
            buffer.zeroize();
        }
    }

    /// Reads what outlived the restart.
    async fn open(&mut self) {
        let mut bytes = [0; ITEM_MAX];
        let boots = self.load(Key::Boots, &mut bytes).await;
        let boots = boots.and_then(|len| bytes.get(..len)?.try_into().ok());
        self.boot = boots.map_or(0, u32::from_le_bytes).wrapping_add(1);
        // Where it cannot be kept the numbers of the next boot begin here again, and its first
        // requests are refused as replays.
        self.save(Key::Boots, &self.boot.to_le_bytes()).await;
        let read = self.load(Key::FleetKey, &mut bytes).await;
        self.credential = read.and_then(|len| Credential::decode(bytes.get(..len)?));
        let read = self.load(Key::Fleet, &mut bytes).await;
        let record = read.and_then(|len| Record::decode(bytes.get(..len)?));
        self.record = record.unwrap_or_default();
        bytes.zeroize();
        self.open_marks(&mut bytes).await;
        let mut seed = [0; 8];
        (self.firmware.random)(&mut seed);
        let [_, _, a, b, c, d, e, f] = seed;
        let mac = self.wifi.status().mac.0;
        let seed = u64::from_be_bytes(seed)
            ^ u64::from_be_bytes([
                a ^ b,
                c ^ d,
                mac[0],
                mac[1],
                mac[2],
                mac[3],
                mac[4] ^ e,
                mac[5] ^ f,
            ]);
        self.agent = Agent::new(self.boot, seed);
    }

    async fn open_marks(&mut self, bytes: &mut [u8; ITEM_MAX]) {
        let boot = self.boot;
        self.shared().look(|device| device.fleet.marks.begin(boot));
        for place in 0..MARKS_MAX {
            let Some(key) = Key::mark(place) else { break };
            let Some(len) = self.load(key, bytes).await else {
                continue;
            };
            if let Some(waiting) = bytes.get(..len).and_then(Waiting::decode) {
                // Every place that has a key is one.
                let restore = |device: &mut Device| device.fleet.marks.restore(place, waiting);
                self.shared().look(restore);
            }
        }
    }

    pub(super) fn shared(&self) -> &'static Shared<C, M> {
        self.wifi.shared()
    }

    pub(super) fn now(&self) -> Instant {
        self.shared().clock().now()
    }

    pub(super) fn tell_agent(&mut self, input: Input) {
        let now = self.now();
        self.agent.handle(input, now);
    }

    /// Looks at what concerns the agent, and shows how it stands.
    async fn look(&mut self) {
        let server = self.shared().look(|device| Server::of(device));
        let server = server.unwrap_or_default();
        if server != self.server {
            self.server = server;
            self.settle_credential().await;
        }
        let online = self.wifi.sta_is_connected();
        if online != self.online {
            self.online = online;
            self.connection = None;
            self.tell_agent(Input::Online(online));
        }
        self.keep_marks().await;
        let added = self.shared().look(|device| device.fleet.marks.added());
        if added != Some(self.marks_seen) {
            self.marks_seen = added.unwrap_or(0);
            self.tell_agent(Input::News);
        }
        self.show();
    }

    /// Which of its credentials is for the server that is configured now.
    async fn settle_credential(&mut self) {
        let claim = self.server.claim();
        let claim_id = claim.as_ref().map(Claim::id);
        self.connection = None;
        let fits = |credential: &Credential| credential.fits(&self.server.url, claim_id);
        let kind = match &self.credential {
            _ if self.server.url.is_empty() => agent::Credential::None,
            Some(credential) if fits(credential) => match credential.stage {
                Stage::Accepted(_) => agent::Credential::Key,
                Stage::Claiming(_) | Stage::Waiting(_) => agent::Credential::Enrolling,
            },
            Some(_) | None => agent::Credential::Enrolling,
        };
        self.tell_agent(Input::Credential(kind));
    }

    fn show(&self) {
        let key = self.credential.as_ref().and_then(Credential::key);
        let fingerprint = key.filter(|_| !self.server.url.is_empty());
        let status = FleetStatus {
            standing: match self.agent.standing() {
                Standing::None => FleetStanding::None,
                Standing::Pending => FleetStanding::Pending,
                Standing::Ok => FleetStanding::Ok,
                Standing::Error => FleetStanding::Error,
            },
            fingerprint: fingerprint.map(|key| key.fingerprint().bytes()),
        };
        self.shared().look(|device| device.fleet.status = status);
    }

    /// Waits for the deadline, or for something that concerns the agent.
    async fn rest(&mut self, deadline: Option<Instant>) {
        let due = async {
            match deadline {
                Some(at) => self.shared().clock().sleep_until(at).await,
                None => core::future::pending().await,
            }
        };
        let woken = self.shared().wait_for(|device| self.concerns(device, true));
        if let Either::Second(()) = select(woken, due).await {
            self.tell_agent(Input::Timeout);
        }
    }

    /// Whether there is something to look at; `marks`: new ones are.
    fn concerns(&self, device: &mut Device, marks: bool) -> Option<()> {
        let online = device.manager().status().station_ip.is_some();
        let fleet = &device.fleet;
        let fresh = marks && fleet.marks.added() != self.marks_seen;
        let kept = fleet.marks.next_change().is_some();
        (online != self.online || fresh || kept || !self.server.is_of(device)).then_some(())
    }

    /// Sends a request over the connection kept, or over a new one, unless something else comes
    /// first; then there is no answer.
    pub(super) async fn exchange(
        &mut self,
        request: &Post<'_>,
        buffer: &mut [u8],
        body_len: usize,
    ) -> Option<Result<HttpReply, ExchangeError>> {
        let mut connection = self.connection.take();
        let bound_ms = EXCHANGE_MS + u32::from(request.wait_s) * 1000;
        let (dialer, shared) = (self.dialer, self.shared());
        let marks = request.wait_s > 0;
        let asking = async {
            let answered = match &mut connection {
                Some(kept) => exchange::post(kept, request, buffer, body_len).await,
                None => Err(ExchangeError::Stale),
            };
            if answered != Err(ExchangeError::Stale) {
                return answered;
            }
            connection = None;
            let dialed = dialer.dial(&request.url).await;
            let new = connection.insert(dialed.map_err(|_| ExchangeError::Broken)?);
            exchange::post(new, request, buffer, body_len).await
        };
        let other = async {
            let interrupted = shared.wait_for(|device| self.concerns(device, marks));
            select(interrupted, self.timer.sleep_ms(bound_ms)).await
        };
        let ended = match select(asking, other).await {
            Either::First(answered) => Interrupted::Answered(answered),
            Either::Second(Either::First(())) => Interrupted::Other,
            Either::Second(Either::Second(())) => Interrupted::Answered(Err(ExchangeError::Broken)),
        };
        match ended {
            Interrupted::Answered(answered) => {
                if answered.is_ok_and(|reply| reply.keep_alive) {
                    self.connection = connection;
                }
                Some(answered)
            }
            Interrupted::Other => None,
        }
    }

    /// Puts a command to the machine, again and again while that has other things to do.
    pub(super) async fn command(&self, command: Command) -> Result<Reply, Refusal> {
        for _ in 0..BUSY_TRIES {
            let asked = self
                .shared()
                .command(Door::Fleet, command.clone(), REPLY_MS);
            match asked.await {
                Ok(Reply::Refused(Refusal::Busy)) | Err(_) => {}
                Ok(Reply::Refused(refusal)) => return Err(refusal),
                Ok(reply) => return Ok(reply),
            }
            self.pause(BUSY_MS).await;
        }
        Err(Refusal::Busy)
    }

    pub(super) async fn pause(&self, ms: u32) {
        let clock = self.shared().clock();
        clock.sleep_until(clock.now().plus_ms(ms)).await;
    }

    /// Brings the flash up to date with the queue of marks.
    async fn keep_marks(&mut self) {
        loop {
            let mut bytes = [0; MARK_LEN_MAX];
            let next = self.shared().look(|device| {
                let (place, waiting) = device.fleet.marks.next_change()?;
                let len = match waiting {
                    Some(waiting) => waiting.encode(&mut bytes)?.len(),
                    None => 0,
                };
                Some((place, len))
            });
            let Some((place, len)) = next.flatten() else {
                return;
            };
            let key = Key::mark(place);
            let well = match (key, bytes.get(..len)) {
                (Some(key), Some(item)) => self.save(key, item).await,
                (Some(_) | None, Some(_) | None) => false,
            };
            let changed = |device: &mut Device| device.fleet.marks.changed(place, well);
            self.shared().look(changed);
            self.shared().tell();
        }
    }

    /// Reads an item of the store; none where the store does not say.
    pub(super) async fn load(&self, key: Key, out: &mut [u8]) -> Option<usize> {
        self.shared()
            .with(|device| device.fleet.item.ask(key, Way::Load, &[]));
        let loaded = self.shared().wait_for(|device| device.fleet.item.take(out));
        loaded.await
    }

    /// Writes an item, or takes it out where it is empty; false where the store did not.
    pub(super) async fn save(&self, key: Key, bytes: &[u8]) -> bool {
        let ask = |device: &mut Device| device.fleet.item.ask(key, Way::Save, bytes);
        if self.shared().with(ask) != Some(true) {
            return false;
        }
        let saved = self
            .shared()
            .wait_for(|device| device.fleet.item.take(&mut []));
        saved.await.is_some()
    }

    pub(super) async fn save_record(&self) -> bool {
        let mut bytes = [0; ITEM_MAX];
        let saved = match self.record.encode(&mut bytes) {
            Some(item) => self.save(Key::Fleet, item).await,
            None => false,
        };
        bytes.zeroize();
        saved
    }

    pub(super) async fn save_credential(&self) -> bool {
        let mut bytes = [0; ITEM_MAX];
        let saved = match self.credential.as_ref().and_then(|c| c.encode(&mut bytes)) {
            Some(item) => self.save(Key::FleetKey, item).await,
            None => false,
        };
        bytes.zeroize();
        saved
    }

    /// The server's address; none where what is configured is no URL.
    pub(super) fn url(url: &str) -> Option<Url<'_>> {
        Url::parse(url, HTTP).ok()
    }
}
