//! The demo's own hands on its server: the JSON API, over a socket of this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use crate::cli::Failure;

/// Somebody who is logged in.
pub(super) struct Client {
    address: SocketAddr,
    cookie: String,
    csrf_token: String,
}

impl Client {
    /// Logs in.
    pub(super) fn log_in(
        address: SocketAddr,
        username: &str,
        password: &str,
    ) -> Result<Self, Failure> {
        let mut client = Self {
            address,
            cookie: String::new(),
            csrf_token: String::new(),
        };
        let body = json!({"username": username, "password": password});
        let (answer, cookie) = client.send("/api/v1/login", &body)?;
        client.cookie = cookie.unwrap_or_default();
        client.csrf_token = answer["csrf_token"].as_str().unwrap_or_default().to_owned();
        Ok(client)
    }

    /// Posts, and gives the answer. One that says it is there already is as good.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        Ok(self.send(path, body)?.0)
    }

    fn send(&self, path: &str, body: &Value) -> Result<(Value, Option<String>), Failure> {
        let failed = |e| Failure::new("fleet server", e, "start the demo again");
        let (status, cookie, text) = self.exchange(path, body).map_err(failed)?;
        match status {
            200..=299 | 409 => {
                let answer = serde_json::from_str(&text).unwrap_or_default();
                Ok((answer, cookie))
            }
            401 => Err(Failure::new(
                "demo",
                "the admin's password was changed",
                "name another folder with --data",
            )),
            _ => Err(Failure::new(path, format!("{status}: {text}"), "report it")),
        }
    }

    /// One request on a connection of its own: its status, the cookie it sets, its body.
    fn exchange(&self, path: &str, body: &Value) -> std::io::Result<(u16, Option<String>, String)> {
        let mut stream = TcpStream::connect(self.address)?;
        let (body, address) = (body.to_string(), self.address);
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n",
            body.len()
        )?;
        if !self.cookie.is_empty() {
            let (cookie, token) = (&self.cookie, &self.csrf_token);
            write!(stream, "Cookie: {cookie}\r\nX-CSRF-Token: {token}\r\n")?;
        }
        write!(stream, "\r\n{body}")?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let mut cookie = None;
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("set-cookie")
            {
                let pair = value.split(';').next().unwrap_or_default();
                cookie = Some(pair.trim().to_owned());
            }
        }
        let mut text = String::new();
        reader.read_to_string(&mut text)?;
        Ok((status.unwrap_or(0), cookie, text))
    }
}
