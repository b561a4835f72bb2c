//! `GET /api/events`: Server-Sent Events.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::Value;

use crate::client::Answer;
use crate::sim::{Ap, Sim};

struct Stream(BufReader<TcpStream>);

impl Stream {
    fn open(sim: &Sim, field: &str) -> Self {
        let mut stream = sim.connect(Ap).unwrap();
        let request = sim.request(Ap, &format!("GET /api/events{field}"));
        stream.write_all(&request).unwrap();
        Self(BufReader::new(stream))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert_ne!(
            self.0.read_line(&mut line).unwrap(),
            0,
            "the stream goes on"
        );
        line.trim_end().to_owned()
    }

    fn head(&mut self) -> Vec<String> {
        std::iter::from_fn(|| Some(self.line()))
            .take_while(|line| !line.is_empty())
            .collect()
    }

    /// The next event: exactly its three lines and an empty one.
    fn event(&mut self) -> Value {
        let mut line = self.line();
        while line.starts_with(':') || line.is_empty() {
            line = self.line();
        }
        let id = line.strip_prefix("id: ").unwrap().to_owned();
        let name = self.line().strip_prefix("event: ").unwrap().to_owned();
        let data: Value =
            serde_json::from_str(self.line().strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(self.line(), "");
        assert_eq!(
            (data["seq"].to_string(), data["event"].as_str().unwrap()),
            (id, &*name)
        );
        assert!(data["ms"].is_u64(), "{data}");
        data
    }
}

#[test]
fn events_are_told_from_the_oldest_kept_and_as_they_happen() {
    let sim = Sim::blank();
    let mut stream = Stream::open(&sim, "");
    let head = stream.head();
    assert_eq!(head[0], "HTTP/1.1 200 OK");
    assert!(
        head.contains(&"Content-Type: text/event-stream".to_owned()),
        "{head:?}"
    );
    assert!(
        head.contains(&"Cache-Control: no-store".to_owned()),
        "{head:?}"
    );
    let mut names: Vec<String> = Vec::new();
    let mut take = |stream: &mut Stream, until: &str| loop {
        let event = stream.event();
        assert_eq!(
            event["seq"].as_u64(),
            Some(names.len() as u64 + 1),
            "none is left out"
        );
        names.push(event["event"].as_str().unwrap().to_owned());
        if event["event"] == until {
            return event;
        }
    };
    take(&mut stream, "ap_started");
    sim.ask(
        Ap,
        r#"POST /api/wifi {"ssid":"HomeNetwork","pass":"Password2"}"#,
    );
    let connected = take(&mut stream, "connected");
    assert_eq!(connected["ssid"], "HomeNetwork");
    assert!(
        connected["ip"].as_str().unwrap().starts_with("10.0.0."),
        "{connected}"
    );
    assert!(names.iter().any(|name| name == "STA_GOT_IP"), "{names:?}");

    let last = names.len() as u64;
    let mut resumed = Stream::open(&sim, &format!(" [Last-Event-ID: {}]", last - 1));
    resumed.head();
    assert_eq!(resumed.event()["seq"].as_u64(), Some(last));

    // A browser names the last number of the boot before: the numbers began at 1 again.
    let mut after_restart = Stream::open(&sim, " [Last-Event-ID: 4711]");
    after_restart.head();
    assert_eq!(after_restart.event()["seq"].as_u64(), Some(1));
}

#[test]
fn the_ninth_stream_is_refused_until_another_ends() {
    let sim = Sim::blank();
    let mut streams: Vec<_> = (0..8).map(|_| Stream::open(&sim, "")).collect();
    for stream in &mut streams {
        assert_eq!(stream.head()[0], "HTTP/1.1 200 OK");
    }
    let full = Answer::of(
        &sim.raw(Ap, sim.request(Ap, "GET /api/events")),
        "the ninth",
    );
    assert_eq!(full.code, 503);
    assert_eq!(
        sim.ask(Ap, "GET /api/status").code,
        200,
        "others are served beside them"
    );
    streams.pop();
    let ends = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while Stream::open(&sim, "").head()[0] != "HTTP/1.1 200 OK" {
        assert!(std::time::Instant::now() < ends, "its place is free again");
    }
}
