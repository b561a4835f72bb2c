//! The devices that beat: each sends, waits for its answer, and the next one follows.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Request, Response, body::Incoming};
use landfall_protocol::path::{DEVICE_HEADER, HEARTBEAT, SEALED_TYPE, SEQ_HEADER};
use landfall_protocol::seal::{Direction, Envelope, SEAL_LEN};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{self, Interval, interval_at};

use super::Way;
use super::devices::Known;
use super::tls::{Sender, Target};

/// Devices that beat at one server.
pub(super) struct Load(Arc<Inner>);

struct Inner {
    target: Target,
    way: Way,
    known: Vec<Known>,
    devices: Vec<Mutex<Applied>>,
    /// Which device is next.
    next: AtomicU32,
    /// The number of the next heartbeat.
    seq: AtomicU64,
}

/// The configuration that a device was told last: it says that it has it.
#[derive(Clone, Default)]
struct Applied {
    version: Value,
    hash: Value,
}

/// What came of a turn.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// In microseconds.
    latencies: Vec<u32>,
    pub(super) errors: u64,
    /// What the server used meanwhile.
    pub(super) cpu: Duration,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.errors += other.errors;
        self.cpu += other.cpu;
    }

    pub(super) fn heartbeats(&self) -> u64 {
        self.latencies.len() as u64
    }

    pub(super) fn cpu_us_per_heartbeat(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / (self.latencies.len().max(1) as f64)
    }

    pub(super) fn percentile_ms(&self, percent: usize) -> f64 {
        let mut sorted = self.latencies.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(at).map_or(0.0, |us| f64::from(*us) / 1000.0)
    }
}

impl Load {
    pub(super) fn new(target: Target, known: Vec<Known>, way: Way) -> Self {
        let devices = known.iter().map(|_| Mutex::default()).collect();
        Self(Arc::new(Inner {
            target,
            way,
            known,
            devices,
            next: AtomicU32::new(0),
            seq: AtomicU64::new(1),
        }))
    }

    /// The same devices at another server, with numbers behind those that they had.
    pub(super) fn again_at(&self, target: Target) -> Self {
        let again = Self::new(target, self.0.known.clone(), self.0.way);
        let seq = self.0.seq.load(Ordering::Relaxed);
        again.0.seq.store(seq, Ordering::Relaxed);
        again
    }

    /// One device beats once; whether it was answered.
    pub(super) async fn one(&mut self) -> bool {
        self.0.one(0, &mut None).await.is_some()
    }

    /// Every device beats once.
    pub(super) async fn once(&mut self, at_once: u16) -> Tally {
        let count = self.0.devices.len() as u64;
        let left = Arc::new(AtomicU64::new(count));
        let one_less = |left: u64| left.checked_sub(1);
        let goes_on = move || {
            let order = Ordering::Relaxed;
            left.fetch_update(order, order, one_less).is_ok()
        };
        self.beat(at_once, None, goes_on).await
    }

    /// They beat for that time, so often a second or as often as they are answered.
    pub(super) async fn run(
        &mut self,
        at_once: u16,
        per_second: Option<u32>,
        time: Duration,
    ) -> Tally {
        let end = Instant::now() + time;
        let each = per_second.map(|all| Duration::from_secs(at_once.into()) / all);
        self.beat(at_once, each, move || Instant::now() < end).await
    }

    async fn beat(
        &self,
        at_once: u16,
        each: Option<Duration>,
        goes_on: impl Fn() -> bool + Clone + Send + 'static,
    ) -> Tally {
        let mut tasks = JoinSet::new();
        for place in 0..at_once {
            let (inner, goes_on) = (self.0.clone(), goes_on.clone());
            let begin = |each: Duration| each * u32::from(place) / u32::from(at_once);
            let ticks = each.map(|each| interval_at(time::Instant::now() + begin(each), each));
            tasks.spawn(async move { inner.one_after_another(ticks, goes_on).await });
        }
        let mut tally = Tally::default();
        while let Some(done) = tasks.join_next().await {
            match done {
                Ok(part) => tally.add(part),
                Err(_) => tally.errors += 1,
            }
        }
        tally
    }
}

impl Inner {
    async fn one_after_another(
        &self,
        mut ticks: Option<Interval>,
        goes_on: impl Fn() -> bool,
    ) -> Tally {
        let mut tally = Tally::default();
        let mut connection = None;
        while goes_on() {
            let count = self.devices.len() as u32;
            let number = self.next.fetch_add(1, Ordering::Relaxed) % count;
            let started = match &mut ticks {
                // From when it was due: one that had to wait for the one before it was late too.
                Some(ticks) => ticks.tick().await.into_std(),
                None => Instant::now(),
            };
            let answered = self.one(number, &mut connection).await;
            if answered.is_none() {
                tally.errors += 1;
                connection = None;
                continue;
            }
            let us = u32::try_from(started.elapsed().as_micros());
            tally.latencies.push(us.unwrap_or(u32::MAX));
        }
        tally
    }

    /// One heartbeat and its answer; none where anything is wrong.
    async fn one(&self, number: u32, kept: &mut Option<Sender>) -> Option<()> {
        if self.way == Way::PerBeat {
            *kept = None;
        }
        let sender = match kept {
            Some(sender) => sender,
            None => kept.insert(self.target.connect().await?),
        };
        // One at a time of each device, as devices do: their numbers arrive in their order.
        let mut applied = self.devices[number as usize].lock().await;
        let seq = self.seq.fetch_add(1, Ordering::Relaxed);
        let request = self.request(number, seq, &applied)?;
        sender.ready().await.ok()?;
        let response = sender.send_request(request).await.ok()?;
        *applied = self.take(number, seq, response).await?;
        Some(())
    }

    fn request(&self, number: u32, seq: u64, applied: &Applied) -> Option<Request<Full<Bytes>>> {
        let (id, key) = &self.known[number as usize];
        let body = json!({
            "hardware_id": id.as_str(), "seq": seq, "boot_id": "3", "uptime_ms": 63_000 + seq,
            "state": "CONNECTED", "ssid": "HomeNetwork", "rssi": -48, "ip": "10.0.0.2",
            "firmware": "landfall 0.1.0", "chip": "esp32c3", "config_version": applied.version,
            "config_hash": applied.hash, "ap_ssid": "Landfall-56789A", "station_capacity": 10,
            "free_heap": 81_920,
        });
        let request = Request::post(HEARTBEAT).header("host", &self.target.host);
        let body = body.to_string().into_bytes();
        let (request, body) = match self.way {
            Way::KeepAlive | Way::PerBeat | Way::Tls => {
                let bearer = format!("Bearer {}", key.to_hex().as_str());
                let request = request.header("authorization", bearer);
                (request.header("content-type", "application/json"), body)
            }
            Way::Sealed => {
                let (mut body, len) = (body.clone(), body.len());
                body.resize(len + SEAL_LEN, 0);
                let envelope = envelope(id.as_str(), seq);
                envelope
                    .seal(key, Direction::ToServer, &mut body, len)
                    .ok()?;
                let request = request
                    .header("content-type", SEALED_TYPE)
                    .header(DEVICE_HEADER, id.as_str())
                    .header(SEQ_HEADER, seq);
                (request, body)
            }
        };
        request.body(Full::new(body.into())).ok()
    }

    /// What the device is told; none where that is no right answer.
    async fn take(&self, number: u32, seq: u64, response: Response<Incoming>) -> Option<Applied> {
        let is_right = response.status() == 200;
        let body = response.into_body().collect().await.ok()?.to_bytes();
        let mut body = body.to_vec();
        let opened = match self.way {
            Way::KeepAlive | Way::PerBeat | Way::Tls => body.as_slice(),
            Way::Sealed => {
                let (id, key) = &self.known[number as usize];
                let envelope = envelope(id.as_str(), seq);
                envelope.open(key, Direction::ToDevice, &mut body).ok()?
            }
        };
        let told: Value = serde_json::from_slice(opened).ok()?;
        is_right.then_some(Applied {
            version: told.get("config_version")?.clone(),
            hash: told.get("config_hash")?.clone(),
        })
    }
}

fn envelope(hardware_id: &str, seq: u64) -> Envelope<'_> {
    Envelope {
        method: "POST",
        path: HEARTBEAT,
        hardware_id,
        seq,
    }
}
