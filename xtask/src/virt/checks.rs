//! What is looked at of a device that runs.

use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::device::{AP, Device, STATION, THIS_MACHINE};
use super::http::request;

/// `admin:virt8080`, as the program gives it to a new disk, for HTTP Basic.
const BASIC: &str = "Authorization: Basic YWRtaW46dmlydDgwODA=";
/// Time for an answer that is one datagram.
const DATAGRAM: Duration = Duration::from_secs(30);

/// Time for the device to join its network anew and to call somebody there.
const CALL: Duration = Duration::from_secs(90);
/// Bytes that are read of a call, and the least that tell what it is.
const HEARD_MAX: usize = 256;
const HEARD_MIN: usize = 8;

/// A name, and what looks; what it says stands behind `ok`.
type Check = (&'static str, fn(&mut Device) -> Result<String>);

/// What is looked at, in this order: each begins where the one before ended.
pub(super) const CHECKS: &[Check] = &[
    ("console", console),
    ("portal", portal),
    ("captive-dns", captive_dns),
    ("webrepl", webrepl),
    ("wrong-key", wrong_key),
    ("onboarding", onboarding),
    ("station-side", station_side),
    ("config-server", config_server),
    ("clients", clients),
    ("reset", reset),
];

fn console(device: &mut Device) -> Result<String> {
    let console = &mut device.console;
    console.expect("CTRL:READY")?;
    console.expect("CTRL: NET:AP_ACTIVE")?;
    console.say("NET:STATUS")?;
    let status = console.expect("CID=1 ")?;
    ensure!(
        status.starts_with("CTRL:ACK CID=1 state=AP_ACTIVE rssi=NA ip=192.168.4.1"),
        "{status}"
    );
    Ok("NET:STATUS is answered".into())
}

fn portal(device: &mut Device) -> Result<String> {
    let page = device.portal("GET / HTTP/1.1", "")?;
    ensure!(page.code == 200, "{}", page.head);
    ensure!(
        page.head.contains("Content-Encoding: gzip"),
        "{}",
        page.head
    );
    let probe = request(
        device.ports.portal,
        &[
            "GET /generate_204 HTTP/1.1",
            "Host: connectivitycheck.gstatic.com",
        ],
        "",
    )?;
    ensure!(probe.code == 302, "a phone's probe: {}", probe.head);
    let scan = device.portal("GET /api/scan HTTP/1.1", "")?.json()?;
    ensure!(scan[0]["ssid"] == "HomeNetwork", "{scan}");
    Ok(format!(
        "the page has {} bytes",
        page.head.len() + page.body.len()
    ))
}

/// A query for any name is answered with the device's address.
fn captive_dns(device: &mut Device) -> Result<String> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(DATAGRAM))?;
    let query = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x07example\x03com\0\0\x01\0\x01";
    socket.send_to(query, (Ipv4Addr::LOCALHOST, device.ports.names))?;
    let mut reply = [0; 512];
    let len = socket.recv(&mut reply).context("no answer")?;
    ensure!(
        reply[..len].ends_with(&[192, 168, 4, 1]),
        "{:02x?}",
        &reply[..len]
    );
    Ok("every name is the device".into())
}

fn webrepl(device: &mut Device) -> Result<String> {
    let page = request(device.ports.webrepl, &["GET / HTTP/1.1", "Host: any"], "")?;
    ensure!(page.code == 200, "{}", page.head);
    Ok("the terminal page is there".into())
}

fn wrong_key(device: &mut Device) -> Result<String> {
    let sent = r#"{"ssid":"HomeNetwork","pass":"Password1"}"#;
    let answer = device.portal("POST /api/wifi HTTP/1.1", sent)?;
    ensure!(answer.code == 200, "{}", answer.text());
    device.verdict("wrong_password", |device| {
        device.portal("GET /api/status HTTP/1.1", "")
    })?;
    Ok("is told, and the access point stays".into())
}

fn onboarding(device: &mut Device) -> Result<String> {
    let sent = r#"{"ssid":"HomeNetwork","pass":"Password2"}"#;
    let answer = device.portal("POST /api/wifi HTTP/1.1", sent)?;
    ensure!(answer.code == 200, "{}", answer.text());
    device.verdict("ok", |device| {
        device.station("GET /api/status HTTP/1.1", "")
    })?;
    device.console.expect("CTRL: NET:CONNECTED")
}

/// Reading is free there, writing is not.
fn station_side(device: &mut Device) -> Result<String> {
    let status = device.station("GET /api/status HTTP/1.1", "")?.json()?;
    ensure!(status["apPassword"].is_null(), "{status}");
    let reset = device.station("POST /api/reset HTTP/1.1", "")?;
    ensure!(reset.code == 401, "{}", reset.head);
    let foreign = request(
        device.ports.station,
        &["GET /api/status HTTP/1.1", "Host: evil.example"],
        "",
    )?;
    ensure!(foreign.code == 421, "{}", foreign.head);
    Ok("writes want a password".into())
}

/// The config server judges `Host` by the side that a request comes from.
fn config_server(device: &mut Device) -> Result<String> {
    let port = device.ports.config;
    let ask = |host: &str, login: &str| {
        request(
            port,
            &["GET /config HTTP/1.1", &format!("Host: {host}:8080"), login],
            "",
        )
    };
    let config = ask(STATION, BASIC)?;
    ensure!(config.code == 200, "{}{}", config.head, config.text());
    let networks = config.json()?;
    ensure!(
        networks["known_networks"][0]["ssid"] == "HomeNetwork",
        "{networks}"
    );
    ensure!(
        networks["known_networks"][0]["password"] == "********",
        "{networks}"
    );
    let strange = ask(AP, BASIC)?;
    ensure!(
        strange.code == 421,
        "the other side's address: {}",
        strange.head
    );
    let nobody = ask(STATION, "Accept: */*")?;
    ensure!(nobody.code == 401, "{}", nobody.head);
    Ok("answers its owner on the station's side".into())
}

/// With a broker and a server in its configuration the device goes out to both.
fn clients(device: &mut Device) -> Result<String> {
    let port = device.ports.config;
    let host = format!("Host: {STATION}:8080");
    let owner = |line: &str, body: &str| request(port, &[line, &host, BASIC], body);
    let mut config = owner("GET /config HTTP/1.1", "")?.json()?;
    let (broker, server) = (Caller::listen()?, Caller::listen()?);
    config["mqtt"] = json!({ "url": format!("mqtt://{THIS_MACHINE}:{}", broker.port) });
    config["fleet"] = json!({ "url": format!("http://{THIS_MACHINE}:{}", server.port) });
    let saved = owner("POST /config HTTP/1.1", &config.to_string())?;
    ensure!(saved.code == 200, "{}", saved.text());
    // MQTT 5: a CONNECT, and the protocol's name in it.
    let connect = broker.said()?;
    ensure!(
        connect.starts_with(b"\x10") && connect[2..8] == *b"\0\x04MQTT",
        "{connect:?}"
    );
    let enroll = server.said()?;
    ensure!(
        enroll.starts_with(b"POST /api/v1/enroll HTTP/1.1\r\n"),
        "{enroll:?}"
    );
    // The owner is still there: the new configuration stays.
    ensure!(
        owner("GET /config HTTP/1.1", "")?.code == 200,
        "the owner is locked out"
    );
    Ok("MQTT and the fleet are called".into())
}

/// Who is called on this machine.
struct Caller {
    port: u16,
    said: Receiver<Vec<u8>>,
}

impl Caller {
    fn listen() -> Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = socket.local_addr()?.port();
        let (tell, said) = channel();
        std::thread::spawn(move || {
            // Nobody listens any more where that fails.
            let _ = socket.accept().and_then(|(mut stream, _)| {
                let mut bytes = vec![0; HEARD_MAX];
                let len = stream.read(&mut bytes)?;
                bytes.truncate(len);
                let _ = tell.send(bytes);
                Ok(())
            });
        });
        Ok(Self { port, said })
    }

    /// The first that the device said.
    fn said(&self) -> Result<Vec<u8>> {
        let said = self.said.recv_timeout(CALL).context("nobody called")?;
        ensure!(said.len() >= HEARD_MIN, "only {said:?}");
        Ok(said)
    }
}

/// The machine resets, and what was stored is still there.
fn reset(device: &mut Device) -> Result<String> {
    device.console.say("NET:REBOOT")?;
    device.console.expect("reboot=1")?;
    device.console.expect("CTRL:READY")?;
    device.console.expect("CTRL: NET:CONNECTED")
}

/// QEMU ends, and what was stored is on the disk; to be called with the device that starts next.
pub(super) fn kept(device: &mut Device) -> Result<String> {
    device.console.expect("CTRL:READY")?;
    device.console.expect("CTRL: NET:CONNECTED")
}
