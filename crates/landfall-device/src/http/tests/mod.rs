//! Requests as text go in, answers as text come out, through one helper over a device that stands
//! as the test wants it.

mod api;
mod attendance;
mod bounds;
mod captive;
mod config;
mod credentials;
mod networks;
mod script;
mod security;
mod sockets;
mod wire;

use core::cell::{Cell, RefCell};
use core::net::{IpAddr, Ipv4Addr};
use std::borrow::ToOwned;
use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use landfall_core::command::{Command, PortalUse, Reply};
use landfall_core::config::Wifi;
use landfall_core::config::{
    ApSecurity, Defaults, Identity, KnownNetwork, Mode, Secret, Secrets, Security, Services,
    parse_strict,
};
use landfall_core::event::{Event, History, Record};
use landfall_core::net::{Mac, Passphrase, Ssid};
use landfall_core::radio::ScanRow;
use landfall_core::status::{State, Status};
use landfall_core::time::Instant;

use super::call::Answer;
use super::route;
use super::{
    Body, Client, Device, Door, Failure, Fixed, Limiter, Response, Service, Session, Side, Unsaved,
    View, head,
};
use crate::fleet::{Attended, NewMark};

pub(super) const AP: Door = Door {
    service: Service::Portal,
    side: Side::Ap,
    port: 40001,
    loopback: true,
};
pub(super) const STATION: Door = Door {
    service: Service::Portal,
    side: Side::Station,
    port: 80,
    loopback: false,
};
pub(super) const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 4, 2));
const MAC: Mac = Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);

pub(super) fn ssid(name: &[u8]) -> Ssid {
    Ssid::new(name).unwrap()
}

pub(super) fn known(name: &[u8], password: &[u8]) -> KnownNetwork {
    KnownNetwork::new(ssid(name), Security::from_password(password).unwrap())
}

/// What announces a JSON body.
pub(super) const JSON: &str = "Content-Type: application/json\n\n";

/// A `POST` of JSON.
pub(super) fn post(path: &str, body: &str) -> String {
    format!("POST {path}\n{JSON}{body}")
}

/// A device: its access point is up and a network is known. Replies as it is told.
pub(super) struct World {
    pub(super) status: Status,
    pub(super) wifi: Wifi,
    pub(super) services: Services,
    identity: Identity,
    pub(super) scan_rows: Vec<ScanRow>,
    pub(super) scan_age_ms: Option<u64>,
    pub(super) clients: Vec<Client>,
    pub(super) session: Option<Session<'static>>,
    pub(super) now: Instant,
    pub(super) busy: bool,
    pub(super) proving: bool,
    pub(super) probe_succeeds: bool,
    pub(super) reply: Reply,
    pub(super) attended: Attended,
    /// Why a whole configuration is not stored.
    pub(super) unsaved: Option<Unsaved>,
    pub(super) limiter: Limiter,
    pub(super) history: RefCell<History>,
    /// What the machine was told and asked, in order.
    told: RefCell<Vec<String>>,
    last_seq: Cell<u32>,
}

impl World {
    pub(super) fn new() -> Self {
        let identity = Identity {
            mac: MAC,
            ap_secret: Passphrase::new(b"ABCDEFGH2345").unwrap(),
            ap_prefix: "Landfall-".try_into().unwrap(),
        };
        let ap_ip = Ipv4Addr::new(192, 168, 4, 1);
        let mut wifi = Wifi::default();
        wifi.networks
            .push(known(b"HomeNetwork", b"Password2"))
            .unwrap();
        Self {
            status: Status {
                state: State::ApActive,
                mode: Mode::StaAp,
                ssid: None,
                ip: ap_ip,
                rssi: None,
                mac: MAC,
                ap_ssid: identity.ap_ssid(),
                ap_ip,
                ap_up: true,
                ap_channel: None,
                station_ip: None,
                retrying: false,
                candidate: None,
                internet: None,
                safe_mode: false,
            },
            wifi,
            services: Services::default(),
            identity,
            scan_rows: Vec::new(),
            scan_age_ms: None,
            clients: Vec::new(),
            session: None,
            now: Instant::from_ms(12_345),
            busy: false,
            proving: false,
            probe_succeeds: false,
            reply: Reply::Done,
            attended: Attended::Kept,
            unsaved: None,
            limiter: Limiter::new(),
            history: RefCell::new(History::new()),
            told: RefCell::default(),
            last_seq: Cell::new(0),
        }
    }

    /// The same, connected to its network.
    pub(super) fn connected() -> Self {
        let mut world = Self::new();
        world.status.state = State::Connected;
        world.status.ssid = Some(ssid(b"HomeNetwork"));
        world.status.ip = Ipv4Addr::new(10, 0, 0, 2);
        world.status.station_ip = Some(world.status.ip);
        world.status.rssi = Some(-48);
        world
    }

    pub(super) fn open_ap(mut self) -> Self {
        self.wifi.ap.security = ApSecurity::Open;
        self
    }

    pub(super) fn in_session(mut self) -> Self {
        self.session = Some(Session {
            course_code: "CS101",
            course_title: "Introduction",
            needs_code: true,
            marked: &[],
        });
        self
    }

    pub(super) fn with_door_password(mut self, password: &str) -> Self {
        self.services.config_server_password = Secret::new(password);
        self
    }

    pub(super) fn happens(&self, event: Event) {
        let record = self.history.borrow_mut().push(1000, event);
        self.last_seq.set(record.seq);
    }

    /// Forgets what the machine was told.
    pub(super) fn forget(&self) {
        self.told.take();
    }

    /// What the machine was told since the last time.
    pub(super) fn heard(&self) -> Vec<String> {
        self.told.take()
    }

    fn told(&self, what: String) {
        self.told.borrow_mut().push(what);
    }

    pub(super) fn view(&self) -> View<'_> {
        View {
            status: &self.status,
            wifi: &self.wifi,
            services: &self.services,
            identity: &self.identity,
            scan_rows: &self.scan_rows,
            scan_age_ms: self.scan_age_ms,
            clients: &self.clients,
            session: self.session,
            now: self.now,
            busy: self.busy,
            proving: self.proving,
            probe_succeeds: self.probe_succeeds,
            unpublished_lost: None,
        }
    }

    /// The answer to one request, whole.
    pub(super) fn respond(&self, door: Door, text: &str) -> Response {
        let (text, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let length = match body.len() {
            0 => String::new(),
            n => format!("Content-Length: {n}\n"),
        };
        let request = format!("{text}\n{length}\n");
        let head = match head::parse(request.as_bytes()) {
            Ok(head) => head,
            Err(error) => panic!("{error:?}: {request}"),
        };
        let call = match route::open(&head, door, PEER, &self.view(), &self.limiter) {
            Ok(call) => call,
            Err(response) => return response.into(),
        };
        if let Some(used) = call.use_on_entry() {
            self.portal_use(used);
        }
        let response = match call.answer(body.as_bytes(), &self.view()) {
            Answer::Ready(response) => response,
            Answer::Events | Answer::Configure => panic!("for the server"),
            Answer::Mark(mark, form) => {
                self.told(format!("{mark:?}"));
                super::mark::answer(self.attended, form)
            }
            Answer::Ask(command, then) => {
                self.told(format!("{command:?}"));
                then.answer(self.reply, door, &self.view())
            }
        };
        if let Some(used) = call.use_on_answer(response.code) {
            self.portal_use(used);
        }
        response
    }

    /// What the machine was told since the last time, then status, own fields and body of the
    /// answer. What all answers have is left out, and that JSON is JSON.
    pub(super) fn ask(&self, door: Door, request: &str) -> String {
        let response = self.respond(door, request);
        let told = self.told.take();
        let mut text = match told.is_empty() {
            true => String::new(),
            false => format!("    > {}\n", told.join("; ")),
        };
        let mut head = String::new();
        response.write_head(&mut head, true).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap_or_default();
        text += &format!("    {}", status.trim_start_matches("HTTP/1.1 "));
        let own = ["Location", "Allow", "WWW", "Retry", "Content-Type: text"];
        for line in lines.filter(|line| own.iter().any(|field| line.starts_with(field))) {
            text += &format!(" | {line}");
        }
        let mut body = String::new();
        response.body.write(&mut body).unwrap();
        if !body.is_empty() {
            text += &format!("\n    {}", body.trim_end().replace('\n', "\n    "));
        }
        text
    }
}

impl Device for World {
    fn with_view<R>(&self, read: impl FnOnce(&View<'_>) -> R) -> R {
        read(&self.view())
    }

    async fn attend(&self, mark: NewMark) -> Attended {
        self.told(format!("{mark:?}"));
        self.attended
    }

    async fn submit(&self, command: Command) -> Reply {
        self.told(format!("{command:?}"));
        self.reply
    }

    fn portal_use(&self, what: PortalUse) {
        self.told(format!("{what:?}"));
    }

    fn confirm_config(&self) {
        self.told("confirmed".to_owned());
    }

    async fn put_config(&self, document: &[u8]) -> Result<(), Unsaved> {
        let config = parse_strict(document, self.view().config(), &Defaults::default());
        let config = config.map_err(Unsaved::Invalid)?;
        if let Some(why) = &self.unsaved {
            return Err(why.clone());
        }
        self.told(config.as_ref().json(Secrets::Clear).to_string());
        Ok(())
    }

    async fn next_event(&self, seq: u32) -> Record {
        let record = self.history.borrow().at_or_after(seq).copied();
        match record {
            Some(record) => record,
            None => core::future::pending().await,
        }
    }
}

/// The same in one line each: `<code> <error>: <detail> < <last line of the request>`.
pub(super) fn check_refusals(world: &World, requests: &[&str], expected: expect_test::Expect) {
    let mut text = String::new();
    for request in requests {
        let (line, rest) = request.split_once('\n').unwrap_or((request, ""));
        let response = world.respond(AP, &format!("{line} HTTP/1.1\nHost: 192.168.4.1\n{rest}"));
        let Body::Fixed(Fixed::Error(failure)) = &response.body else {
            panic!("no refusal: {request}: {response:?}");
        };
        let Failure { code, path, reason } = failure;
        let last = request.lines().last().unwrap_or_default();
        text += &format!("{} {code}: {path}: {reason} < {last}\n", response.code.0);
    }
    // Nothing that is refused reaches the machine as more than a touch of the page.
    let told = world.told.take();
    assert!(told.iter().all(|told| told == "Touched"), "{told:?}");
    expected.assert_eq(&text);
}

/// Puts each request to the device, and holds what comes back against `expected`.
pub(super) fn check(world: &World, door: Door, requests: &[&str], expected: expect_test::Expect) {
    let host = match door.side {
        Side::Ap => "192.168.4.1",
        Side::Station => "10.0.0.2",
    };
    let mut text = String::new();
    for request in requests {
        // A request without a `Host` names the device as it should.
        let (line, rest) = request.split_once('\n').unwrap_or((request, ""));
        let full = if rest.contains("Host:") {
            format!("{line} HTTP/1.1\n{rest}")
        } else {
            format!("{line} HTTP/1.1\nHost: {host}\n{rest}")
        };
        let shown = request
            .lines()
            .filter(|line| !line.is_empty() && *line != JSON.trim_end());
        let shown: Vec<_> = shown.map(str::trim).collect();
        text += &format!("{}\n{}\n", shown.join(" | "), world.ask(door, &full));
    }
    expected.assert_eq(&text);
}
