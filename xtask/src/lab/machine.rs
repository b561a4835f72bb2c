//! The throw-away machine: QEMU without hardware help, the host's files read-only under an overlay.
//!
//! Its lines come over a serial port that ends in our pipe. KVM is left alone even where its device
//! is there: inside of other virtual machines it starts and does not boot, and 20 s of emulation
//! are no price for knowing what runs.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::kernel::Kernel;

/// A phone's Chromium takes half of it.
const MEMORY_MIB: u32 = 3072;
const PROCESSORS: u32 = 2;
/// What the kernel is told beside the number of radios: no output on the slow serial console but
/// what matters, an end instead of a halt when it panics, and no price for hardware that is not.
const KERNEL_WORDS: &str = "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check";
/// The file with what the kernel and our first program said, in the machine's folder.
pub(super) const CONSOLE: &str = "console";

/// A machine that can be started.
pub(super) struct Machine<'a> {
    pub(super) kernel: &'a Kernel,
    /// Simulated radios, `wlan0` and on.
    pub(super) radios: u32,
    /// The folder that the machine sees as `/run/lab`, and writes to.
    pub(super) share: &'a Path,
    /// After this long it is stopped.
    pub(super) limit: Duration,
}

impl Machine<'_> {
    /// Starts it, gives each line it says to `line`, and comes back when it is off.
    pub(super) fn run(&self, mut line: impl FnMut(&str)) -> Result<()> {
        let ends = Instant::now() + self.limit;
        let mut running = Running(self.command().spawn().context("starting QEMU")?);
        let stdout = running.0.stdout.take().context("QEMU's output")?;
        let (sender, lines) = mpsc::channel();
        let reader = thread::spawn(move || {
            let read = BufReader::new(stdout).lines().map_while(Result::ok);
            // The receiver is gone when the time is up.
            read.map(|line| sender.send(line)).all(|sent| sent.is_ok())
        });
        loop {
            match lines.recv_timeout(ends.saturating_duration_since(Instant::now())) {
                Ok(text) => line(&text),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => bail!("stopped after {} s", self.limit.as_secs()),
            }
        }
        let status = running.0.wait().context("waiting for QEMU")?;
        // It has nothing left to send.
        drop(reader.join());
        ensure!(status.success(), "QEMU ended with {status}");
        ensure!(
            self.share.join("done").exists(),
            "the machine went off before it was done"
        );
        Ok(())
    }

    fn command(&self) -> Command {
        let share = self.share.display();
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-machine", "q35", "-accel", "tcg,thread=multi"])
            .args(["-cpu", "max,la57=off"])
            .args(["-m", &MEMORY_MIB.to_string()])
            .args(["-smp", &PROCESSORS.to_string()])
            .args(["-nodefaults", "-no-reboot"])
            .args(["-display", "none", "-monitor", "none"])
            .args(["-serial", &format!("file:{share}/{CONSOLE}")])
            .arg("-kernel")
            .arg(self.kernel.image())
            .arg("-initrd")
            .arg(self.kernel.initrd())
            .arg("-append")
            .arg(format!("{KERNEL_WORDS} lab.radios={}", self.radios))
            .args(["-device", "virtio-rng-pci", "-device", "virtio-serial-pci"])
            .args(["-chardev", "file,id=lines,path=/dev/stdout"])
            .args(["-device", "virtserialport,chardev=lines,name=lines"]);
        folder(&mut qemu, "host", "path=/,readonly=on");
        folder(&mut qemu, "lab", &format!("path={share}"));
        qemu.stdin(Stdio::null()).stdout(Stdio::piped());
        qemu
    }
}

/// Shows a folder of ours to the machine under that tag.
fn folder(qemu: &mut Command, tag: &str, what: &str) {
    qemu.arg("-fsdev")
        .arg(format!(
            "local,id={tag},security_model=none,multidevs=remap,{what}"
        ))
        .arg("-device")
        .arg(format!("virtio-9p-pci,fsdev={tag},mount_tag={tag}"));
}

/// A machine that does not outlive us.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended by itself, unless its time was up.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
