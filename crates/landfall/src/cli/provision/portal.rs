//! A device by the portal of a Landfall: its API over plain HTTP.

use std::time::{Duration, Instant};

use landfall_core::net::decode_hex;
use serde::Deserialize;
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::StatusCode;
use ureq::http::header::AUTHORIZATION;
use zeroize::Zeroizing;

use super::label::{Label, hardware_id};
use super::{About, Row, Wanted, reason};
use crate::cli::Failure;

/// Bound of one request: a scan takes the device at most 5 s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Bound of the verdict: the device gives it within 20 s; then it may be away for a moment, while it
/// moves its access point to another channel.
const VERDICT_TIMEOUT: Duration = Duration::from_secs(60);
/// How often the device is asked meanwhile.
const POLL: Duration = Duration::from_millis(500);

/// A portal.
pub(super) struct Portal {
    url: String,
    authorization: Option<Zeroizing<String>>,
    agent: Agent,
}

/// What of the status is looked at.
#[derive(Deserialize)]
struct Status {
    state: String,
    ip: String,
    mac: String,
    hostname: String,
    #[serde(rename = "apSsid")]
    ap_ssid: String,
    #[serde(rename = "apPassword")]
    ap_password: Option<Key>,
    candidate: Option<Candidate>,
}

/// A secret, wiped when it is done with.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Key(Zeroizing<String>);

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

#[derive(Deserialize)]
struct Candidate {
    verdict: String,
}

#[derive(Debug, Deserialize)]
struct Heard {
    ssid_hex: String,
    rssi: i64,
    secure: bool,
}

impl Status {
    /// Whether it is known what became of the last credentials.
    fn is_settled(&self) -> bool {
        match self.candidate.as_ref().map(|last| last.verdict.as_str()) {
            Some("trying") => false,
            Some("ok") => self.state == "CONNECTED",
            Some(_) | None => true,
        }
    }
}

impl Portal {
    /// The portal at that address, which may carry user and password.
    pub(super) fn open(url: &str) -> Result<Self, Failure> {
        let Some(rest) = url.strip_prefix("http://") else {
            let why = "a portal speaks plain HTTP";
            return Err(Failure::new(url, why, "give its http:// address"));
        };
        let rest = rest.trim_end_matches('/');
        let (authorization, host) = match rest.rsplit_once('@') {
            Some((user, host)) => (Some(basic(user)), host),
            None => (None, rest),
        };
        let config = Agent::config_builder()
            .timeout_global(Some(REQUEST_TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        Ok(Self {
            url: format!("http://{host}"),
            authorization,
            agent: config.into(),
        })
    }

    pub(super) fn about(&self) -> Result<About, Failure> {
        let status = self.status()?;
        Ok(About {
            name: status.hostname,
            firmware: "Landfall".to_owned(),
            hardware_id: Some(hardware_id(&status.mac)),
        })
    }

    pub(super) fn scan(&self) -> Result<Vec<Row>, Failure> {
        let answer = self.get("/api/scan")?;
        let heard: Vec<Heard> = self.parse(&answer)?;
        let row = |heard: Heard| {
            let mut ssid = vec![0; heard.ssid_hex.len() / 2];
            decode_hex(heard.ssid_hex.as_bytes(), &mut ssid)?;
            Some(Row {
                ssid,
                rssi: heard.rssi,
                secure: heard.secure,
            })
        };
        Ok(heard.into_iter().filter_map(row).collect())
    }

    pub(super) fn join(&self, wanted: &Wanted) -> Result<String, Failure> {
        let hex: String = wanted
            .ssid
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let body = json!({"ssid_hex": hex, "pass": *wanted.password});
        let body = Zeroizing::new(body.to_string());
        self.request("/api/wifi", Some(&body))?;
        let status = self.verdict()?;
        match status.candidate.as_ref().map(|last| last.verdict.as_str()) {
            Some("ok") => {
                // Who has seen the result needs the access point no longer. It may be gone already.
                let _ = self.request("/api/seen", Some(""));
                Ok(format!("http://{}/", status.ip))
            }
            Some(class) => Err(reason::failure(&wanted.ssid.to_string(), class)),
            None => Err(self.strange()),
        }
    }

    /// How the device stands once it knows. It may be out of reach meanwhile.
    fn verdict(&self) -> Result<Status, Failure> {
        let ends = Instant::now() + VERDICT_TIMEOUT;
        loop {
            let status = self.status();
            if status.as_ref().is_ok_and(Status::is_settled) {
                return status;
            }
            if Instant::now() >= ends {
                let why = "no verdict within 60 s";
                let help = "see whether the device is on its network";
                return status.and(Err(Failure::new(&self.url, why, help)));
            }
            std::thread::sleep(POLL);
        }
    }

    pub(super) fn label(&self) -> Result<Label, Failure> {
        let status = self.status()?;
        let Some(Key(key)) = &status.ap_password else {
            let help = "join that network, or use the serial port";
            let why = "the key is told on the device's own network alone";
            return Err(Failure::new(&self.url, why, help));
        };
        Label::new(
            &status.hostname,
            &status.mac,
            status.ap_ssid.as_bytes(),
            key,
        )
    }

    fn status(&self) -> Result<Status, Failure> {
        let answer = self.get("/api/status")?;
        self.parse(&answer)
    }

    fn get(&self, path: &str) -> Result<Zeroizing<String>, Failure> {
        self.request(path, None)
    }

    /// The body of the answer to a GET, or to a POST of that JSON.
    fn request(&self, path: &str, body: Option<&str>) -> Result<Zeroizing<String>, Failure> {
        let url = format!("{}{path}", self.url);
        let authorization = self.authorization.as_ref().map(|text| text.as_str());
        let sent = match body {
            None => {
                let request = self.agent.get(&url);
                match authorization {
                    Some(text) => request.header(AUTHORIZATION, text),
                    None => request,
                }
                .call()
            }
            Some(body) => {
                let request = self.agent.post(&url).content_type("application/json");
                match authorization {
                    Some(text) => request.header(AUTHORIZATION, text),
                    None => request,
                }
                .send(body)
            }
        };
        let unreachable = |e| Failure::new(&self.url, e, "see that you are on its network");
        let mut answer = sent.map_err(unreachable)?;
        let text = answer.body_mut().read_to_string().map_err(unreachable)?;
        let text = Zeroizing::new(text);
        if answer.status().is_success() {
            return Ok(text);
        }
        Err(self.refused(answer.status(), &text))
    }

    fn refused(&self, status: StatusCode, text: &str) -> Failure {
        let error: Value = serde_json::from_str(text).unwrap_or_default();
        let code = error["error"].as_str().unwrap_or_default();
        let (why, help) = match code {
            "busy" => ("it is proving other credentials", "try again in 20 s"),
            "list-full" => ("it knows 16 networks already", "remove one first"),
            "persist-failed" => ("it could not store them", "look at its flash"),
            "scan-ap-only" => (
                "it scans for those on its own network alone",
                "join that network, or use the serial port",
            ),
            "session-locked" => (
                "it runs a session, or its network is open",
                "give http://admin:PASSWORD@…",
            ),
            _ if status == StatusCode::UNAUTHORIZED => (
                "it asks for its owner's password",
                "give http://admin:PASSWORD@…",
            ),
            "" => return Failure::new(&self.url, status, "see that it is a Landfall"),
            code => return Failure::new(&self.url, code, "see its portal"),
        };
        Failure::new(&self.url, why, help)
    }

    fn parse<T: for<'a> Deserialize<'a>>(&self, text: &str) -> Result<T, Failure> {
        serde_json::from_str(text).map_err(|_| self.strange())
    }

    fn strange(&self) -> Failure {
        let why = "it does not answer as a Landfall does";
        Failure::new(&self.url, why, "see that it is one")
    }
}

/// `user:password` as Basic authentication has it (RFC 7617).
fn basic(user: &str) -> Zeroizing<String> {
    use base64ct::{Base64, Encoding};

    Zeroizing::new(format!("Basic {}", Base64::encode_string(user.as_bytes())))
}
