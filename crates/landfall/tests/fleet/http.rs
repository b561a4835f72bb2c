//! Requests of JSON over a socket of this machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Bound of one answer: a mark may wait for its server, a start for the disk.
const PATIENCE: Duration = Duration::from_secs(30);

/// Somebody who asks at one address.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    host: String,
    fields: String,
}

impl Client {
    /// At `http://<host>:<port>`.
    pub(crate) fn at(url: &str) -> Self {
        let host = url.strip_prefix("http://").unwrap_or(url).to_owned();
        Self {
            host,
            fields: String::new(),
        }
    }

    /// The same, with that header on every request: `Name: value`.
    pub(crate) fn with(&self, header: &str) -> Self {
        let fields = format!("{}{header}\r\n", self.fields);
        Self {
            fields,
            ..self.clone()
        }
    }

    /// Logs in; what follows is asked as that user.
    pub(crate) fn log_in(url: &str, username: &str, password: &str) -> Option<Self> {
        let mut client = Self::at(url);
        let body = serde_json::json!({"username": username, "password": password});
        let (code, head, body) = client.exchange("POST", "/api/v1/login", Some(&body))?;
        let cookie = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("set-cookie")
                .then(|| value.split(';').next())?
        });
        let token = body["csrf_token"].as_str()?;
        client.fields = format!("Cookie: {}\r\nX-CSRF-Token: {token}\r\n", cookie?);
        (code == 200).then_some(client)
    }

    /// The code and the body of the answer; 0 where there is none.
    pub(crate) fn get(&self, path: &str) -> (u16, Value) {
        let answer = self.exchange("GET", path, None);
        answer.map_or((0, Value::Null), |(code, _, body)| (code, body))
    }

    /// A page; empty where there is none.
    pub(crate) fn page(&self, path: &str) -> String {
        let answer = self
            .raw("GET", path, None)
            .filter(|(code, ..)| *code == 200);
        answer.map_or_else(String::new, |(_, _, body)| body)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send("POST", path, body)
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let answer = self.exchange(method, path, Some(body));
        answer.map_or((0, Value::Null), |(code, _, body)| (code, body))
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Option<(u16, String, Value)> {
        let (code, head, body) = self.raw(method, path, body)?;
        Some((code, head, serde_json::from_str(&body).unwrap_or_default()))
    }

    fn raw(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, String, String)> {
        let mut stream = TcpStream::connect(&self.host).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let kind = match body.is_empty() {
            true => "",
            false => "Content-Type: application/json\r\n",
        };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{kind}Content-Length: {}\r\n{}Connection: close\r\n\r\n{body}",
            self.host,
            body.len(),
            self.fields
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let code = head.split(' ').nth(1)?.parse().ok()?;
        Some((code, head.to_owned(), body.to_owned()))
    }
}
