//! `landfall webrepl`: files of a device over WebREPL, and its console.

use std::io::Write;
use std::net::{TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use tungstenite::{Message, WebSocket};

use super::exchange::ERR;
use super::secret::PasswordFrom;
use super::{Ended, Failure};

/// Time for the device to take a connection, and for each answer: a save writes flash.
const PATIENCE: Duration = Duration::from_secs(15);
/// The port where none is said.
const PORT: u16 = landfall_device::webrepl::PORT;
/// Most bytes of a frame of data that is put.
const PUT_MAX: usize = 1024;
/// Bytes of a request for a file.
const REQUEST_LEN: usize = 82;
/// Longest name of a file.
const NAME_MAX: usize = 64;

/// Get and put a device's files over WebREPL, or run a console line
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  landfall webrepl get 192.168.4.1 networks.json
  landfall webrepl put ws://192.168.4.1:8266 networks.json networks.json
  landfall webrepl run 192.168.4.1 NET:STATUS")]
pub(super) struct WebRepl {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Get networks.json, status.json or events.json
    #[command(after_help = "Example:\n  landfall webrepl get 192.168.4.1 networks.json")]
    Get {
        #[command(flatten)]
        device: Device,
        /// The file on the device
        file: String,
        /// Where to keep it; on stdout where absent
        to: Option<PathBuf>,
    },
    /// Put networks.json: the device checks it, keeps the secrets that stand masked in it, and
    /// connects anew
    #[command(after_help = "Example:\n  landfall webrepl put 192.168.4.1 networks.json")]
    Put {
        #[command(flatten)]
        device: Device,
        /// The file here
        from: PathBuf,
        /// The file on the device
        #[arg(default_value = "networks.json")]
        file: String,
    },
    /// Run one console line and print its answer
    #[command(after_help = "Example:\n  landfall webrepl run 192.168.4.1 NET:STATUS")]
    Run {
        #[command(flatten)]
        device: Device,
        /// The line
        line: String,
    },
}

#[derive(Debug, Args)]
struct Device {
    /// Where it is: HOST, HOST:PORT or ws://HOST:PORT
    address: String,
    #[command(flatten)]
    password: PasswordFrom,
}

/// A client that is logged in.
struct Client {
    socket: WebSocket<TcpStream>,
    /// What the device said in words since the last question.
    words: String,
}

impl WebRepl {
    pub(super) fn run(self) -> Ended {
        match self.what {
            What::Get { device, file, to } => {
                let content = device.log_in()?.get(&file)?;
                keep(to.as_deref(), &content)?;
            }
            What::Put { device, from, file } => {
                let content = std::fs::read(&from)
                    .map_err(|e| Failure::new(from.display(), e, "name a file that can be read"))?;
                let said = device.log_in()?.put(&file, &content)?;
                println!("{}", said.trim());
            }
            What::Run { device, line } => {
                let answer = device.log_in()?.line(&line)?;
                print!("{answer}");
                let failed = answer.lines().any(|line| line.starts_with(ERR));
                return Ok(if failed {
                    ExitCode::FAILURE
                } else {
                    ExitCode::SUCCESS
                });
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn keep(to: Option<&Path>, content: &[u8]) -> Result<(), Failure> {
    match to {
        Some(path) => std::fs::write(path, content)
            .map_err(|e| Failure::new(path.display(), e, "name a place that can be written")),
        None => std::io::stdout()
            .write_all(content)
            .map_err(|e| Failure::new("stdout", e, "keep it open")),
    }
}

impl Device {
    fn log_in(&self) -> Result<Client, Failure> {
        let address = self.address.strip_prefix("ws://").unwrap_or(&self.address);
        let address = address.trim_end_matches('/');
        let password = self.password.read("WebREPL password")?;
        let failed =
            |why: &dyn std::fmt::Display| Failure::new(address, why, "see that WebREPL runs there");
        let stream = connect(address).map_err(|e| failed(&e))?;
        let url = format!("ws://{address}/");
        let (socket, _) = tungstenite::client(url, stream).map_err(|e| match e {
            tungstenite::HandshakeError::Failure(tungstenite::Error::Http(answer)) => {
                failed(&refusal(&answer))
            }
            tungstenite::HandshakeError::Failure(error) => failed(&error),
            tungstenite::HandshakeError::Interrupted(_) => failed(&"no answer in time"),
        })?;
        let mut client = Client {
            socket,
            words: String::new(),
        };
        client.until("Password: ")?;
        client.say(&format!("{}\r", *password))?;
        let answer = client.until_any(&[">>> ", "Access denied\r\n"])?;
        if answer.contains("Access denied") {
            let help = "after three wrong ones in a minute it waits for another";
            return Err(Failure::new(address, "wrong password", help));
        }
        Ok(client)
    }
}

fn connect(address: &str) -> std::io::Result<TcpStream> {
    let with_port = match address.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_ok() => address.to_owned(),
        _ => format!("{address}:{PORT}"),
    };
    let place = with_port.to_socket_addrs()?.next();
    let place = place.ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let stream = TcpStream::connect_timeout(&place, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn refusal(answer: &tungstenite::http::Response<Option<Vec<u8>>>) -> String {
    let wait = answer.headers().get("retry-after");
    match wait.and_then(|seconds| seconds.to_str().ok()) {
        Some(seconds) => format!("shut after wrong passwords, for {seconds} s more"),
        None => format!("answers {}; maybe another client is there", answer.status()),
    }
}

impl Client {
    fn line(&mut self, line: &str) -> Result<String, Failure> {
        self.words.clear();
        self.say(&format!("{line}\r"))?;
        let said = self.until(">>> ")?;
        // The device echoes the line.
        let answer = said.strip_suffix(">>> ").unwrap_or(&said);
        let answer = answer.split_once("\r\n").map_or("", |(_, answer)| answer);
        Ok(answer.replace("\r\n", "\n"))
    }

    fn get(&mut self, file: &str) -> Result<Vec<u8>, Failure> {
        self.request(2, file, 0)?;
        self.done(file)?;
        let mut content = Vec::new();
        loop {
            self.send(Message::binary(vec![0]))?;
            let piece = self.binary()?;
            let Some((len, data)) = piece.split_first_chunk() else {
                return Err(broken());
            };
            if u16::from_le_bytes(*len) == 0 {
                break;
            }
            content.extend_from_slice(data);
        }
        self.done(file)?;
        Ok(content)
    }

    /// Gives what the device says of it.
    fn put(&mut self, file: &str, content: &[u8]) -> Result<String, Failure> {
        self.words.clear();
        let size = u32::try_from(content.len()).unwrap_or(u32::MAX);
        self.request(1, file, size)?;
        if !content.is_empty() {
            self.done(file)?;
        }
        for piece in content.chunks(PUT_MAX) {
            self.send(Message::binary(piece.to_vec()))?;
        }
        let status = self.status()?;
        self.words.clear();
        // What was looked at is spoken of, behind the answer.
        while matches!(status, 0 | 5 | 16 | 22) && self.words.is_empty() {
            self.read()?;
        }
        let said = std::mem::take(&mut self.words);
        judge(file, status, &said).map(|()| said)
    }

    fn request(&mut self, op: u8, file: &str, size: u32) -> Result<(), Failure> {
        if file.len() > NAME_MAX {
            return Err(Failure::new(file, "the name is too long", "give another"));
        }
        let mut request = vec![b'W', b'A', op, 0];
        request.extend([0; 8]);
        request.extend(size.to_le_bytes());
        // At most 64.
        request.extend((file.len() as u16).to_le_bytes());
        request.extend(file.as_bytes());
        request.resize(REQUEST_LEN, 0);
        self.send(Message::binary(request))
    }

    /// Waits for the device to take what was asked.
    fn done(&mut self, file: &str) -> Result<(), Failure> {
        judge(file, self.status()?, "")
    }

    /// How the device answers, `WB` and a status.
    fn status(&mut self) -> Result<u16, Failure> {
        match self.binary()?[..] {
            [b'W', b'B', low, high] => Ok(u16::from_le_bytes([low, high])),
            _ => Err(broken()),
        }
    }

    fn until(&mut self, end: &str) -> Result<String, Failure> {
        self.until_any(&[end])
    }

    fn until_any(&mut self, ends: &[&str]) -> Result<String, Failure> {
        while !ends.iter().any(|end| self.words.ends_with(end)) {
            // Words are kept on their way.
            self.read()?;
        }
        Ok(std::mem::take(&mut self.words))
    }

    /// The next binary message.
    fn binary(&mut self) -> Result<Vec<u8>, Failure> {
        loop {
            if let Message::Binary(bytes) = self.read()? {
                return Ok(bytes.to_vec());
            }
        }
    }

    /// The next message; words are kept.
    fn read(&mut self) -> Result<Message, Failure> {
        let message = self.socket.read().map_err(lost)?;
        if let Message::Text(text) = &message {
            self.words.push_str(text);
        }
        Ok(message)
    }

    fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.send(Message::text(text))
    }

    fn send(&mut self, message: Message) -> Result<(), Failure> {
        self.socket.send(message).map_err(lost)
    }
}

/// What a status means, and what the device said of it.
fn judge(file: &str, status: u16, said: &str) -> Result<(), Failure> {
    let why = match status {
        0 => return Ok(()),
        2 => "no such file",
        13 => "it can only be read",
        16 => "busy, ask again",
        22 => "refused",
        27 => "too long",
        _ => "the device cannot",
    };
    let help = match said.trim() {
        "" => "nothing changed",
        said => said,
    };
    Err(Failure::new(file, why, help))
}

fn lost(error: tungstenite::Error) -> Failure {
    Failure::new("connection", error, "try again")
}

fn broken() -> Failure {
    Failure::new("answer", "not WebREPL's", "see what runs there")
}
