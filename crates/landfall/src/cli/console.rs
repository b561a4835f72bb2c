//! `landfall console`: a serial console, for people on a terminal and for programs in a pipe.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use clap::Args;
use rustix::fs::OFlags;
use rustix::termios::OptionalActions;
use rustyline::error::ReadlineError;
use rustyline::{DefaultEditor, ExternalPrinter};

use super::exchange::{Exchange, cid};
use super::{Ended, Failure};

/// Talk to a device over its serial port
///
/// On a terminal: line editing and history. In a pipe: each line of stdin is sent, its replies are
/// printed, and the exit status is 1 if one of them was an ERR.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  landfall console /dev/ttyUSB0\n  echo NET:STATUS | landfall console /dev/pts/5\n  landfall console /run/landfall/console"
)]
pub(super) struct Console {
    /// The serial port, the pseudo-terminal of a simulated device, or the socket of landfalld
    path: PathBuf,
}

/// How long all replies to a line may take: the verdict on credentials comes within 20 s.
const REPLY_TIMEOUT: Duration = Duration::from_secs(30);
/// A port that said nothing for so long has nothing left that it said before.
const QUIET: Duration = Duration::from_millis(150);
/// How long a port that does not fall quiet is listened to before the first line is sent.
const QUIET_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest line of output that is looked at as one.
const LINE_MAX: usize = 64 * 1024;

impl Console {
    pub(super) fn run(self) -> Ended {
        let port = open(&self.path)
            .map_err(|e| Failure::new(self.path.display(), e, "name a serial port you may open"))?;
        let reader = port
            .try_clone()
            .map_err(|e| Failure::new(self.path.display(), e, "try again"))?;
        let lost = |e: io::Error| Failure::new(self.path.display(), e, "see that the device runs");
        if io::stdin().is_terminal() {
            talk(port, reader).map_err(lost)
        } else {
            pipe(port, reader, &self.path)
        }
    }
}

/// Opens the port: the socket of a Linux board's daemon, or a raw line of 115200 baud, which a
/// pseudo-terminal takes as well.
pub(super) fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};

    if std::fs::metadata(path)?.file_type().is_socket() {
        return Ok(File::from(OwnedFd::from(UnixStream::connect(path)?)));
    }
    let port = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(OFlags::NOCTTY.bits().cast_signed())
        .open(path)?;
    let mut termios = rustix::termios::tcgetattr(&port)?;
    termios.make_raw();
    termios.set_speed(115_200)?;
    rustix::termios::tcsetattr(&port, OptionalActions::Now, &termios)?;
    Ok(port)
}

/// For people. What the device says is printed above the line being typed.
fn talk(mut port: File, reader: File) -> io::Result<ExitCode> {
    let mut editor = DefaultEditor::new().map_err(io::Error::other)?;
    let mut printer = editor.create_external_printer().map_err(io::Error::other)?;
    let coloured = super::may_colour();
    std::thread::spawn(move || {
        for_each_line(reader, |line| {
            let _ = printer.print(painted(line, coloured));
        });
    });
    loop {
        match editor.readline("") {
            Ok(line) => {
                let _ = editor.add_history_entry(&line);
                port.write_all(line.as_bytes())?;
                port.write_all(b"\r")?;
            }
            Err(ReadlineError::Eof | ReadlineError::Interrupted) => return Ok(ExitCode::SUCCESS),
            Err(error) => return Err(io::Error::other(error)),
        }
    }
}

/// A line of output in the colour of what it is: red for errors, green for what was done.
fn painted(line: &str, coloured: bool) -> String {
    let colour = match line {
        _ if !coloured => None,
        l if l.starts_with("CTRL:ERR") => Some(31),
        l if l.starts_with("CTRL:ACK") => Some(32),
        l if l.starts_with("CTRL: ") => Some(36),
        _ => None,
    };
    match colour {
        Some(colour) => format!("\x1b[{colour}m{line}\x1b[0m\n"),
        None => format!("{line}\n"),
    }
}

/// For programs.
fn pipe(mut port: File, reader: File, path: &Path) -> Ended {
    let (tell, lines) = channel();
    std::thread::spawn(move || hand_over(reader, &tell));
    let mut last_cid = pass_over(&lines);
    let mut failed = false;
    for line in io::stdin().lock().lines() {
        let line = line.map_err(|e| Failure::new("stdin", e, "give it lines of text"))?;
        let sent = port
            .write_all(line.as_bytes())
            .and_then(|()| port.write_all(b"\r"));
        sent.map_err(|e| Failure::new(path.display(), e, "see that the device runs"))?;
        if let Some(mut exchange) = Exchange::of(&line, last_cid) {
            print_replies(&mut exchange, &lines)
                .map_err(|why| Failure::new(path.display(), why, "see that the device runs"))?;
            failed |= exchange.failed();
            last_cid = exchange.last_cid();
        }
    }
    Ok(ExitCode::from(u8::from(failed)))
}

/// Passes over what was said before anything was asked; gives the last number of a command in it.
fn pass_over(lines: &Receiver<String>) -> u32 {
    let deadline = Instant::now() + QUIET_TIMEOUT;
    let mut last_cid = 0;
    while Instant::now() < deadline
        && let Ok(line) = lines.recv_timeout(QUIET)
    {
        if line.starts_with("CTRL:READY ") {
            // Each boot counts anew.
            last_cid = 0;
        }
        last_cid = cid(&line).unwrap_or(last_cid);
    }
    last_cid
}

/// Prints the replies until all are there.
fn print_replies(exchange: &mut Exchange, lines: &Receiver<String>) -> Result<(), &'static str> {
    let deadline = Instant::now() + REPLY_TIMEOUT;
    while !exchange.is_whole() {
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) if exchange.take(&line) => {
                let mut out = io::stdout().lock();
                let printed = writeln!(out, "{line}").and_then(|()| out.flush());
                printed.map_err(|_| "stdout is closed")?;
            }
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return Err("no reply within 30 s"),
            Err(RecvTimeoutError::Disconnected) => return Err("the port was closed"),
        }
    }
    Ok(())
}

fn hand_over(reader: File, tell: &Sender<String>) {
    // The receiver is gone when the program is about to end.
    for_each_line(reader, |line| drop(tell.send(line.to_owned())));
}

/// Reads lines until the port is gone. Bytes that are no UTF-8 are shown as U+FFFD.
fn for_each_line(mut reader: File, mut each: impl FnMut(&str)) {
    let mut line = Vec::new();
    let mut buf = [0; 1024];
    while let Ok(n @ 1..) = reader.read(&mut buf) {
        for byte in &buf[..n] {
            match byte {
                b'\n' => {
                    each(String::from_utf8_lossy(&line).trim_end_matches('\r'));
                    line.clear();
                }
                byte if line.len() < LINE_MAX => line.push(*byte),
                _ => {}
            }
        }
    }
}
