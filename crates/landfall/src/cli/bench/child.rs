//! The processes that are measured: the server, and a handler that does the least a server could.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum_server::tls_rustls::RustlsConfig;
use clap::Args;
use landfall_protocol::hardware_id::HardwareId;
use landfall_protocol::key::DeviceKey;
use landfall_protocol::path::{DEVICE_HEADER, HEARTBEAT, SEALED_TYPE, SEQ_HEADER};
use landfall_protocol::seal::{Direction, Envelope, SEAL_LEN};
use landfall_server::process::Process;
use landfall_server::{Options, Server, Tls, fleet};
use serde::Deserialize;
use tempfile::TempDir;

use super::super::{Ended, Failure};
use super::devices;
use super::tls::Target;

/// A process that is measured. It ends with this one.
pub(super) struct Child {
    pub(super) process: Process,
    pub(super) address: SocketAddr,
    child: std::process::Child,
}

/// The folder of a measurement: databases, and the certificate where there is one. It goes with this.
pub(super) struct Home {
    folder: TempDir,
    tls: bool,
}

/// The certificate and its key in the folder.
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
/// Where the address of the database stands, where it is not a file of the folder.
const DATABASE: &str = "database";

impl Home {
    /// Makes the folder, with a certificate for this machine's own address.
    pub(super) fn make(tls: bool) -> Result<Self, Failure> {
        let failed = |why: &dyn std::fmt::Display| Failure::new("bench", why, "free some space");
        let folder = tempfile::Builder::new().prefix("landfall-bench-").tempdir();
        let folder = folder.map_err(|e| failed(&e))?;
        if tls {
            let names = vec![Ipv4Addr::LOCALHOST.to_string()];
            let made = rcgen::generate_simple_self_signed(names).map_err(|e| failed(&e))?;
            let write = |name: &str, pem: String| std::fs::write(folder.path().join(name), pem);
            write(CERTIFICATE, made.cert.pem())
                .and_then(|()| write(KEY, made.signing_key.serialize_pem()))
                .map_err(|e| failed(&e))?;
        }
        Ok(Self { folder, tls })
    }

    /// Has servers of this folder keep their fleet in that database.
    pub(super) fn keep_in(&self, database: &str) -> Result<(), Failure> {
        let written = std::fs::write(self.folder.path().join(DATABASE), database);
        written.map_err(|e| Failure::new("bench", e, "free some space"))
    }

    fn certificate(&self) -> Option<PathBuf> {
        self.tls.then(|| self.folder.path().join(CERTIFICATE))
    }
}

impl Child {
    /// How it is reached.
    pub(super) fn target(&self, home: &Home) -> Result<Target, Failure> {
        Target::own(self.address, home.certificate().as_deref())
    }

    /// Starts this program in that role, and waits until it listens.
    pub(super) fn start(role: &str, devices: u32, home: &Home) -> Result<Self, Failure> {
        let failed = |e: std::io::Error| Failure::new("bench", e, "see that it may start itself");
        let program = std::env::current_exe().map_err(failed)?;
        let mut child = std::process::Command::new(program)
            .args(["bench", "child", role, &devices.to_string()])
            .arg(home.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(failed)?;
        }
        let Ok(address) = line.trim().parse() else {
            let why = format!("the {role} did not start");
            return Err(Failure::new("bench", why, "run it again with -v"));
        };
        let process = Process(child.id());
        Ok(Self {
            process,
            address,
            child,
        })
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It ends by itself where this process cannot tell it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Be a process that is measured
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall bench child floor 1000 /tmp/floor")]
pub(super) struct Words {
    /// `server`, `again` (a server that was there before) or `floor`
    role: String,
    /// How many devices it knows
    devices: u32,
    /// Where it keeps what it keeps; with a certificate there it speaks TLS
    home: PathBuf,
}

impl Words {
    pub(super) fn run(self) -> Ended {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new("bench", e, "free some threads"))?;
        match self.role.as_str() {
            "server" => runtime.block_on(serve(self.devices, &self.home))?,
            "again" => runtime.block_on(serve(0, &self.home))?,
            _ => runtime.block_on(floor(self.devices, &self.home))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Tells the address, then waits until the parent is gone.
async fn until_alone(address: SocketAddr) {
    println!("{address}");
    let _ = std::io::stdout().flush();
    let read = tokio::task::spawn_blocking(|| std::io::stdin().read(&mut [0]));
    let _ = read.await;
}

/// Certificate and key, where the folder has them.
fn tls(home: &Path) -> Option<Tls> {
    let (certificate, key) = (home.join(CERTIFICATE), home.join(KEY));
    certificate.exists().then_some(Tls { certificate, key })
}

async fn serve(count: u32, home: &Path) -> Result<(), Failure> {
    let failed = |why: String| Failure::new("bench", why, "free some space");
    let file = format!("sqlite:{}", home.join("fleet.db").display());
    let url = std::fs::read_to_string(home.join(DATABASE)).unwrap_or(file);
    let mut options = Options::new(url);
    options.listen.set_port(0);
    options.tls = tls(home);
    let server = Server::start(options).await;
    let server = server.map_err(|e| failed(e.to_string()))?;
    if count > 0 {
        let seeded = fleet::seed(server.app(), &devices::all(count)).await;
        seeded.map_err(|e| failed(e.to_string()))?;
    }
    until_alone(server.address()).await;
    Ok(())
}

type Keys = Arc<HashMap<HardwareId, DeviceKey>>;

async fn floor(count: u32, home: &Path) -> Result<(), Failure> {
    let failed = |e: std::io::Error| Failure::new("bench", e, "free some ports");
    let keys: Keys = Arc::new(devices::all(count).into_iter().collect());
    let router = Router::new().route(HEARTBEAT, post(beat)).with_state(keys);
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    match tls(home) {
        None => {
            let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
            tokio::spawn(axum::serve(listener, router).into_future());
        }
        Some(Tls { certificate, key }) => {
            // Whoever was first: it is the same one.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let config = RustlsConfig::from_pem_chain_file(certificate, key).await;
            let server = axum_server::from_tcp_rustls(listener, config.map_err(failed)?);
            let service = router.into_make_service();
            tokio::spawn(server.map_err(failed)?.serve(service));
        }
    }
    until_alone(address).await;
    Ok(())
}

/// The members of a heartbeat, as any server has to read them.
#[derive(Deserialize)]
#[expect(dead_code, reason = "reading them is what is measured")]
struct Heartbeat<'a> {
    hardware_id: &'a str,
    seq: Option<u64>,
    boot_id: Option<&'a str>,
    uptime_ms: Option<u64>,
    state: Option<&'a str>,
    ssid: Option<&'a str>,
    rssi: Option<i64>,
    ip: Option<&'a str>,
    firmware: Option<&'a str>,
    chip: Option<&'a str>,
    config_version: Option<i64>,
    config_hash: Option<&'a str>,
    ap_ssid: Option<&'a str>,
    station_capacity: Option<u16>,
    free_heap: Option<u64>,
}

/// As long as an answer of the server to a device in sync.
const ANSWER: &[u8] = br#"{"status":"success","message":"Heartbeat received - Device idle","device_id":"lf-246f2856789a","created":false,"next_heartbeat_ms":30000,"config_version":1,"config_hash":"0123456789abcdef0123456789abcdef","mark_results":[]}"#;

async fn beat(State(keys): State<Keys>, headers: HeaderMap, body: Bytes) -> Response {
    let sealed = headers.contains_key(SEQ_HEADER);
    let answer = if sealed {
        open(&keys, &headers, &body)
    } else {
        plain(&keys, &headers, &body).map(<[u8]>::to_vec)
    };
    let kind = if sealed {
        SEALED_TYPE
    } else {
        "application/json"
    };
    match answer {
        Some(answer) => ([("content-type", kind)], answer).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

fn plain(keys: &Keys, headers: &HeaderMap, body: &[u8]) -> Option<&'static [u8]> {
    let heartbeat: Heartbeat<'_> = serde_json::from_slice(body).ok()?;
    let token = headers.get("authorization")?.to_str().ok()?;
    let shown = DeviceKey::parse(token.strip_prefix("Bearer ")?)?;
    let id = HardwareId::parse(heartbeat.hardware_id).ok()?;
    (*keys.get(&id)? == shown).then_some(ANSWER)
}

fn open(keys: &Keys, headers: &HeaderMap, body: &[u8]) -> Option<Vec<u8>> {
    let text = |name: &str| headers.get(name)?.to_str().ok();
    let hardware_id = text(DEVICE_HEADER)?;
    let key = keys.get(&HardwareId::parse(hardware_id).ok()?)?;
    let envelope = Envelope {
        method: "POST",
        path: HEARTBEAT,
        hardware_id,
        seq: text(SEQ_HEADER)?.parse().ok()?,
    };
    let mut body = body.to_vec();
    let opened = envelope.open(key, Direction::ToServer, &mut body).ok()?;
    serde_json::from_slice::<Heartbeat<'_>>(opened).ok()?;
    let mut answer = ANSWER.to_vec();
    answer.resize(ANSWER.len() + SEAL_LEN, 0);
    envelope
        .seal(key, Direction::ToDevice, &mut answer, ANSWER.len())
        .ok()?;
    Some(answer)
}
