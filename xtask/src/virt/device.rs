//! A whole device in QEMU, seen from outside: its console, and its doors over the two networks that
//! QEMU makes on loopback.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::console::Console;
use super::http::{Answer, request};
use super::qemu;

/// The device's addresses: its access point's, and the one that its air gives it.
pub(super) const AP: &str = "192.168.4.1";
pub(super) const STATION: &str = "10.0.0.2";
/// This machine, as the device finds it in the network that it joined.
pub(super) const THIS_MACHINE: &str = "10.0.0.254";
/// The disk that stands for the flash.
const DISK: &str = "flash.bin";
/// Bytes of the disk that stands for the flash.
const DISK_LEN: usize = 64 * 1024;
/// Time for credentials to be proved (20 s), however busy the host is.
const PROOF: Duration = Duration::from_secs(60);
/// How often the status is looked at meanwhile.
const LOOK: Duration = Duration::from_millis(200);

/// A machine with the device, and how it is reached.
pub(super) struct Device {
    machine: Child,
    pub(super) console: Console,
    pub(super) ports: Ports,
}

/// Ports of this machine that lead to the device.
pub(super) struct Ports {
    pub(super) portal: u16,
    pub(super) names: u16,
    pub(super) station: u16,
    pub(super) config: u16,
    pub(super) webrepl: u16,
}

impl Ports {
    /// Some that are free now.
    fn find() -> Result<Self> {
        // Held together, so that no two are the same.
        let tcp = [(); 4].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let mut numbers = tcp.iter().map(|socket| match socket {
            Ok(socket) => Ok(socket.local_addr()?.port()),
            Err(error) => bail!("a free port: {error}"),
        });
        let mut next = || numbers.next().context("as many as were made")?;
        Ok(Self {
            portal: next()?,
            station: next()?,
            config: next()?,
            webrepl: next()?,
            names: udp.local_addr()?.port(),
        })
    }

    /// The network of a side, as QEMU is told of it.
    fn network(name: &str, host: &str, forwards: &[(&str, u16, &str, u16)]) -> String {
        let mut text = format!("user,id={name},net={host}/24,host={host}");
        for (kind, port, device, inside) in forwards {
            text += &format!(",hostfwd={kind}:127.0.0.1:{port}-{device}:{inside}");
        }
        text
    }
}

impl Device {
    /// Starts the machine with the disk of that folder.
    pub(super) fn start(programs: &Path, folder: &Path) -> Result<Self> {
        let ports = Ports::find()?;
        let mut machine = machine(programs, folder, &ports)
            .args(["-monitor", "none", "-serial", "stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .context("starting QEMU")?;
        let pipes = machine.stdin.take().zip(machine.stdout.take());
        let (input, output) = pipes.context("QEMU's pipes")?;
        Ok(Self {
            machine,
            console: Console::new(input, output),
            ports,
        })
    }

    /// Asks the portal on the access point's side.
    pub(super) fn portal(&self, line: &str, body: &str) -> Result<Answer> {
        let host = format!("Host: {AP}");
        request(self.ports.portal, &[line, &host], body)
    }

    /// Asks it on the station's side.
    pub(super) fn station(&self, line: &str, body: &str) -> Result<Answer> {
        let host = format!("Host: {STATION}");
        request(self.ports.station, &[line, &host], body)
    }

    /// Waits until the last credentials are judged so, asking on that side.
    pub(super) fn verdict(
        &self,
        wanted: &str,
        ask: impl Fn(&Self) -> Result<Answer>,
    ) -> Result<()> {
        let began = Instant::now();
        loop {
            // The access point may be gone, or the station's side not yet there.
            let status = ask(self).and_then(|answer| answer.json());
            let verdict = status.map(|status| status["candidate"]["verdict"].clone());
            if verdict.as_ref().is_ok_and(|verdict| verdict == wanted) {
                return Ok(());
            }
            if began.elapsed() > PROOF {
                bail!("the verdict is {verdict:?} and not {wanted}");
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// The machine with the disk of that folder, still without its serial port.
fn machine(programs: &Path, folder: &Path, ports: &Ports) -> Command {
    let forwards = [
        ("tcp", ports.station, STATION, 80),
        ("tcp", ports.config, STATION, 8080),
        ("tcp", ports.webrepl, AP, 8266),
        ("tcp", ports.portal, AP, 80),
        ("udp", ports.names, AP, 53),
    ];
    let station = Ports::network("station", THIS_MACHINE, &forwards[..2]);
    let ap = Ports::network("ap", "192.168.4.254", &forwards[2..]);
    let mut command = qemu::machine(&programs.join("device"), folder);
    command
        .args(["-global", "virtio-mmio.force-legacy=false"])
        .args(["-netdev", &station, "-device"])
        .arg("virtio-net-device,netdev=station,mac=24:6f:28:56:78:9a,bus=virtio-mmio-bus.0")
        .args(["-netdev", &ap, "-device"])
        .arg("virtio-net-device,netdev=ap,mac=24:6f:28:56:78:9b,bus=virtio-mmio-bus.1")
        .args(["-drive", "if=none,id=flash,format=raw,file=flash.bin"])
        .args([
            "-device",
            "virtio-blk-device,drive=flash,bus=virtio-mmio-bus.2",
        ])
        .args(["-device", "virtio-rng-device,bus=virtio-mmio-bus.3"]);
    command
}

/// Runs the device with its console on this terminal, until it is ended there. What it stores is there
/// the next time.
pub(super) fn by_hand(programs: &Path, folder: &Path) -> Result<()> {
    if !folder.join(DISK).exists() {
        new_disk(folder)?;
    }
    let ports = Ports::find()?;
    let (portal, station) = (ports.portal, ports.station);
    println!("Ctrl-A X ends it. The portal, as a phone and as the network it joined see it:");
    println!("curl --compressed --connect-to {AP}:80:127.0.0.1:{portal} http://{AP}/");
    println!("curl --connect-to {STATION}:80:127.0.0.1:{station} http://{STATION}/api/status");
    let mut command = machine(programs, folder, &ports);
    command
        .args(["-serial", "mon:stdio"])
        .stdin(Stdio::inherit());
    crate::run(&mut command)
}

impl Drop for Device {
    fn drop(&mut self) {
        // It may be off already.
        let _ = self.machine.kill();
        let _ = self.machine.wait();
    }
}

/// A disk on which nothing was ever written.
pub(super) fn new_disk(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let disk = folder.join(DISK);
    fs::write(&disk, vec![0xff; DISK_LEN]).with_context(|| format!("making {}", disk.display()))
}
