//! The server as the words of `landfall fleet` talk to it: where it is, the token that opens it, and
//! what it answers.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::{Method, Request, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use zeroize::Zeroizing;

use crate::cli::Failure;

/// Time for an answer. A start of a session waits for nothing; an export of a year takes a while.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most bytes of an answer.
const ANSWER_MAX: u64 = 256 * 1024 * 1024;
/// Entries that a list is asked for at once: the most that the server gives.
const PAGE: usize = 200;

/// Which server.
#[derive(Debug, Args)]
pub(in crate::cli) struct Server {
    /// The server, in place of the one logged in to
    #[arg(long, global = true, env = "LANDFALL_FLEET_URL")]
    url: Option<String>,
    /// Trust this authority too (PEM)
    #[arg(long, global = true, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Print what the server answered, as JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// Whether it runs in this process.
    #[arg(skip)]
    is_ours: bool,
}

/// What a login left on this machine.
#[derive(Default, Deserialize, Serialize)]
pub(super) struct Saved {
    pub(super) url: String,
    pub(super) token: Zeroizing<String>,
}

/// A server to be asked.
pub(in crate::cli) struct Client {
    agent: Agent,
    url: String,
    /// What is sent as `Authorization`; none before a login.
    token: Option<Zeroizing<String>>,
    /// A login's cookie, and the token that a write by it carries.
    cookie: Option<(Zeroizing<String>, String)>,
}

/// An answer, a refusal too.
pub(in crate::cli) struct Answer {
    status: StatusCode,
    pub(in crate::cli) body: Vec<u8>,
    /// The cookie that came with it.
    cookie: Option<String>,
}

impl Saved {
    /// Where it is kept.
    pub(super) fn path() -> Result<PathBuf, Failure> {
        let folder = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from);
        let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"));
        let folder = folder.filter(|folder| folder.is_absolute()).or_else(home);
        folder
            .map(|folder| folder.join("landfall").join("fleet.json"))
            .ok_or_else(|| Failure::new("login", "there is no HOME", "set it, or XDG_CONFIG_HOME"))
    }

    fn load() -> Option<Self> {
        let text = Zeroizing::new(std::fs::read_to_string(Self::path().ok()?).ok()?);
        serde_json::from_str(&text).ok()
    }
}

impl Server {
    /// The server at that URL.
    pub(in crate::cli) fn at(url: String, ca: Option<PathBuf>) -> Self {
        Self {
            url: Some(url),
            ca,
            json: false,
            is_ours: false,
        }
    }

    /// A server of this process.
    pub(in crate::cli) fn ours() -> Self {
        Self {
            url: None,
            ca: None,
            json: false,
            is_ours: true,
        }
    }

    /// The server that one is logged in to.
    pub(in crate::cli) fn client(&self) -> Result<Client, Failure> {
        let saved = Saved::load();
        let token = std::env::var("LANDFALL_FLEET_TOKEN")
            .ok()
            .map(Zeroizing::new);
        let url = self
            .url
            .clone()
            .or_else(|| saved.as_ref().map(|saved| saved.url.clone()));
        // A token is for the server that gave it.
        let same = saved.filter(|saved| self.url.as_ref().is_none_or(|url| trim(url) == saved.url));
        let token = token.or_else(|| same.map(|saved| saved.token));
        let (Some(url), Some(token)) = (url, token) else {
            let help = "log in by `landfall fleet login URL`, or set LANDFALL_FLEET_TOKEN";
            return Err(Failure::new("fleet", "not logged in", help));
        };
        let mut client = self.stranger(&url)?;
        client.token = Some(token);
        Ok(client)
    }

    /// A server that does not know us yet.
    pub(in crate::cli) fn stranger(&self, url: &str) -> Result<Client, Failure> {
        let mut tls = TlsConfig::builder();
        if let Some(path) = &self.ca {
            let failed = |why: &dyn std::fmt::Display| {
                Failure::new(path.display(), why, "name a certificate in PEM")
            };
            let pem = std::fs::read(path).map_err(|e| failed(&e))?;
            let certificate = Certificate::from_pem(&pem).map_err(|e| failed(&e))?;
            tls = tls.root_certs(RootCerts::new_with_certs(&[certificate]));
        }
        let config = Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .tls_config(tls.build());
        // A proxy is for what is elsewhere: it knows no server of this machine.
        let config = if self.is_ours {
            config.proxy(None)
        } else {
            config
        };
        Ok(Client {
            agent: config.build().into(),
            url: trim(url).to_owned(),
            token: None,
            cookie: None,
        })
    }
}

fn trim(url: &str) -> &str {
    url.trim_end_matches('/')
}

impl Client {
    pub(in crate::cli) fn url(&self) -> &str {
        &self.url
    }

    /// Logs in: what follows is asked as that user.
    pub(in crate::cli) fn log_in(&mut self, username: &str, password: &str) -> Result<(), Failure> {
        let body = json!({"username": username, "password": password});
        let login = self.ask(Method::POST, "/api/v1/login", Some(&body))?;
        let told: Value = serde_json::from_slice(&login.body).unwrap_or_default();
        let csrf = told["csrf_token"].as_str().unwrap_or_default().to_owned();
        self.cookie = login.cookie.map(|cookie| (Zeroizing::new(cookie), csrf));
        Ok(())
    }

    /// Asks, and gives the answer where it is no refusal.
    pub(in crate::cli) fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let answer = self.exchange(method, path, body)?;
        match answer.status.is_success() {
            true => Ok(answer),
            false => Err(refusal(path, answer.status, &answer.body)),
        }
    }

    /// Makes something; that it is there already is as good.
    pub(in crate::cli) fn make(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let answer = self.exchange(Method::POST, path, Some(body))?;
        match answer.status {
            StatusCode::CONFLICT => Ok(Value::Null),
            status if status.is_success() => {
                Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
            }
            status => Err(refusal(path, status, &answer.body)),
        }
    }

    fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Failure> {
        let failed = |why: &dyn std::fmt::Display| {
            Failure::new(&self.url, why, "see that the server runs there")
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {}", **token));
        }
        if let Some((cookie, csrf)) = &self.cookie {
            request = request
                .header("cookie", &**cookie)
                .header("x-csrf-token", csrf);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = Zeroizing::new(body.map(Value::to_string).unwrap_or_default());
        let request = request.body(body.as_bytes()).map_err(|e| failed(&e))?;
        let mut answer = self.agent.run(request).map_err(|e| failed(&e))?;
        let cookie = answer.headers().get("set-cookie");
        let cookie = cookie.and_then(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookie = cookie.map(str::to_owned);
        let status = answer.status();
        let body = answer
            .body_mut()
            .with_config()
            .limit(ANSWER_MAX)
            .read_to_vec();
        let body = body.map_err(|e| failed(&e))?;
        Ok(Answer {
            status,
            body,
            cookie,
        })
    }

    /// The same for JSON.
    pub(in crate::cli) fn json(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let answer = self.ask(method, path, body)?;
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body)
            .map_err(|e| Failure::new(&self.url, e, "see that it is a fleet server"))
    }

    /// A whole list: the first answer, with the items of all that follow.
    pub(super) fn list(&self, path: &str) -> Result<Value, Failure> {
        let with = |more: &str| {
            let and = if path.contains('?') { '&' } else { '?' };
            format!("{path}{and}limit={PAGE}{more}")
        };
        let mut whole = self.json(Method::GET, &with(""), None)?;
        while let Some(next) = whole["next"].as_str() {
            let more = self.json(
                Method::GET,
                &with(&format!("&cursor={}", escape(next))),
                None,
            )?;
            whole["next"] = more["next"].clone();
            if let (Some(items), Some(more)) =
                (whole["items"].as_array_mut(), more["items"].as_array())
            {
                items.extend(more.iter().cloned());
            }
        }
        Ok(whole)
    }
}

/// A refusal in the server's words.
fn refusal(path: &str, status: StatusCode, body: &[u8]) -> Failure {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = problem["detail"].as_str().or(problem["title"].as_str());
    let mut why = said
        .unwrap_or("no reason was given")
        .trim_end_matches('.')
        .to_owned();
    for error in problem["errors"].as_array().into_iter().flatten() {
        if let (Some(path), Some(message)) = (error["path"].as_str(), error["message"].as_str())
            && !why.contains(message)
        {
            why.push_str(&format!(", {path}: {message}"));
        }
    }
    let help = match status.as_u16() {
        401 => "log in again by `landfall fleet login URL`",
        403 => "ask an admin",
        429 | 503 => "try again in a moment",
        _ => "nothing changed",
    };
    Failure::new(path.split('?').next().unwrap_or(path), why, help)
}

/// What stands for itself in a part of a path or query: RFC 3986's unreserved characters.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A part of a path or query.
pub(super) fn escape(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}
