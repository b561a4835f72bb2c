//! A broker of a test's own: Mosquitto on a free port of 127.0.0.1, and its clients.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::authority::Authority;

/// The longest that a message is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How soon is looked again whether a client is there.
const RETRY: Duration = Duration::from_millis(200);
/// What the device says to be let in.
const USER: &str = "device";
pub(crate) const PASSWORD: &str = "of-the-broker";
/// Said by the tests' own clients.
const PROBE: &str = "test/probe";
/// Its log, in its folder.
const LOG: &str = "log";

pub(crate) struct Broker {
    port: u16,
    /// Where it speaks TLS, if it does.
    tls_port: Option<u16>,
    folder: tempfile::TempDir,
    server: Child,
}

impl Broker {
    pub(crate) fn start() -> Self {
        Self::start_with(None)
    }

    /// One that shows a certificate on a second port.
    pub(crate) fn start_with_tls(authority: &Authority) -> Self {
        Self::start_with(Some(authority))
    }

    fn start_with(authority: Option<&Authority>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let tls_port = authority.map(|_| free_port());
        let users = folder.path().join("users");
        let made = Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(&users)
            .args([USER, PASSWORD])
            .status();
        assert!(made.expect("Debian's package mosquitto").success());
        let mut config = format!(
            "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\n\
             persistence false\nuser root\n",
            users.display()
        );
        if let Some((authority, port)) = authority.zip(tls_port) {
            let (certificate, key) = authority.vouch(folder.path());
            let (certificate, key) = (certificate.display(), key.display());
            config.push_str(&format!(
                "listener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\n"
            ));
        }
        std::fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
        let server = serve(&folder);
        let broker = Self {
            port,
            tls_port,
            folder,
            server,
        };
        broker.is_up();
        broker
    }

    pub(crate) fn stop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }

    /// Starts it again on the same port; it has forgotten everything.
    pub(crate) fn start_again(&mut self) {
        self.server = serve(&self.folder);
        self.is_up();
    }

    fn is_up(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self
            .client("mosquitto_pub")
            .args(["-t", PROBE, "-n"])
            .status()
            .unwrap()
            .success()
        {
            assert!(Instant::now() < deadline, "the broker does not come up");
            std::thread::sleep(RETRY);
        }
    }

    /// What a configuration says of it: over TLS, where it speaks that.
    pub(crate) fn settings(&self, commands: bool) -> Value {
        let (scheme, port) = match self.tls_port {
            Some(port) => ("mqtts", port),
            None => ("mqtt", self.port),
        };
        json!({
            "url": format!("{scheme}://127.0.0.1:{port}"),
            "user": USER, "password": PASSWORD, "commands": commands,
        })
    }

    /// Waits until its log says so.
    pub(crate) fn until_logged(&self, text: &str) {
        let deadline = Instant::now() + PATIENCE;
        let log = self.folder.path().join(LOG);
        while !std::fs::read_to_string(&log).unwrap().contains(text) {
            assert!(Instant::now() < deadline, "{text} is not in its log");
            std::thread::sleep(RETRY);
        }
    }

    pub(crate) fn publish(&self, topic: &str, message: &str, options: &[&str]) {
        let mut client = self.client("mosquitto_pub");
        client
            .args(["-q", "1", "-t", topic, "-m", message])
            .args(options);
        assert!(client.status().unwrap().success());
    }

    /// Hears everything from now on, and what the broker keeps.
    pub(crate) fn listen(&self) -> Listener {
        let mut client = self.client("mosquitto_sub");
        client.args(["-q", "1", "-t", "#", "-F", "%r %t %p"]);
        let mut child = client.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (tell, heard) = channel();
        std::thread::spawn(move || {
            for line in out.lines() {
                let line = line.unwrap();
                let mut words = line.splitn(3, ' ');
                let kept = words.next() == Some("1");
                let Some(topic) = words.next() else {
                    // The second line of a message of ours.
                    continue;
                };
                let message = Message {
                    kept,
                    topic: topic.to_owned(),
                    text: words.next().unwrap_or_default().to_owned(),
                };
                if tell.send(message).is_err() {
                    return;
                }
            }
        });
        let mut listener = Listener {
            child,
            heard,
            passed_over: VecDeque::new(),
        };
        // Whoever hears that has heard what was kept.
        loop {
            self.publish(PROBE, "", &[]);
            let message = listener.heard.recv_timeout(RETRY);
            match message {
                Ok(message) if message.topic == PROBE => return listener,
                Ok(message) => listener.passed_over.push_back(message),
                Err(_) => {}
            }
        }
    }

    fn client(&self, name: &str) -> Command {
        let port = self.port.to_string();
        let mut command = Command::new(name);
        command.args(["-V", "mqttv5", "-h", "127.0.0.1", "-p", &port]);
        command
            .args(["-u", USER, "-P", PASSWORD])
            .stderr(Stdio::null());
        command
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// One that nobody listens on now.
fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").unwrap();
    probe.local_addr().unwrap().port()
}

fn serve(folder: &tempfile::TempDir) -> Child {
    let mut command = Command::new("mosquitto");
    command.arg("-c").arg(folder.path().join("mosquitto.conf"));
    let log = File::create(folder.path().join(LOG)).unwrap();
    command.stderr(log).spawn().unwrap()
}

/// A message as a listener heard it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Whether the broker kept it from before.
    pub(crate) kept: bool,
    pub(crate) topic: String,
    pub(crate) text: String,
}

impl Message {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }
}

/// Hears everything.
pub(crate) struct Listener {
    child: Child,
    heard: Receiver<Message>,
    passed_over: VecDeque<Message>,
}

impl Listener {
    /// What it has heard before anybody looked: all that the broker kept.
    pub(crate) fn heard_already(&self) -> Vec<Message> {
        self.passed_over.iter().cloned().collect()
    }

    /// Everything up to the message that is looked for, that one too.
    pub(crate) fn until(&mut self, what: &str, so: impl Fn(&Message) -> bool) -> Vec<Message> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let earlier = self.passed_over.pop_front();
            let Some(message) = earlier.or_else(|| self.heard.recv_timeout(left).ok()) else {
                panic!("{what} was not heard: {seen:#?}");
            };
            let found = so(&message);
            seen.push(message);
            if found {
                return seen;
            }
        }
    }

    /// Up to a message on that topic which is this.
    pub(crate) fn until_text(&mut self, topic: &str, text: &str) -> Vec<Message> {
        let is_it = |message: &Message| message.topic == topic && message.text == text;
        self.until(&format!("{topic} {text}"), is_it)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
