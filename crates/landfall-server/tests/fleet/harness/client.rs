//! Who asks: one connection for each request, and headers that stay.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

/// What no answer takes, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(60);

/// Somebody who asks.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    address: SocketAddr,
    headers: HeaderMap,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body as JSON; null where it is none.
    pub(crate) json: Value,
    asked: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self {
            address,
            headers: HeaderMap::new(),
        }
    }

    /// The same, with that header on every request.
    pub(crate) fn header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        let name = HeaderName::try_from(name).unwrap();
        client
            .headers
            .insert(name, HeaderValue::try_from(value).unwrap());
        client
    }

    /// The same, asking another server.
    pub(crate) fn at(&self, address: SocketAddr) -> Self {
        Self {
            address,
            ..self.clone()
        }
    }

    /// The same without that header.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut client = self.clone();
        client.headers.remove(name);
        client
    }

    /// The value of a header that it sends.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, Vec::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, body.to_string()).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send("PATCH", path, body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, body.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, Vec::new()).await
    }

    /// Sends any request, and reads the whole answer.
    pub(crate) async fn send(&self, method: &str, path: &str, body: impl Into<Bytes>) -> Answer {
        let asked = format!("{method} {path}");
        let answer = async {
            let (head, body) = self.open(method, path, body).await.into_parts();
            (head, body.collect().await.unwrap().to_bytes())
        };
        let answer = tokio::time::timeout(DEADLINE, answer).await;
        let (head, body) = answer.unwrap_or_else(|_| panic!("no answer to {asked}"));
        let json = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Answer {
            code: head.status.as_u16(),
            headers: head.headers,
            body,
            json,
            asked,
        }
    }

    /// Sends any request, and gives the answer while it comes.
    pub(crate) async fn open(
        &self,
        method: &str,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Response<Incoming> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = Request::builder().method(method).uri(path);
        let headers = request.headers_mut().unwrap();
        headers.insert(
            "host",
            HeaderValue::try_from(self.address.to_string()).unwrap(),
        );
        headers.extend(self.headers.clone());
        sender
            .send_request(request.body(Full::new(body.into())).unwrap())
            .await
            .unwrap()
    }
}

impl Answer {
    /// The answer, which has to have that status.
    #[track_caller]
    pub(crate) fn status(self, code: u16) -> Self {
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!(self.code, code, "{}: {body}", self.asked);
        if code >= 400
            && !self.headers["content-type"]
                .as_bytes()
                .starts_with(b"text/html")
        {
            self.check_problem();
        }
        self
    }

    /// Every refusal has the same form.
    #[track_caller]
    fn check_problem(&self) {
        assert_eq!(
            self.headers["content-type"], "application/problem+json",
            "{}",
            self.asked
        );
        assert_eq!(self.json["type"], "about:blank", "{}", self.asked);
        assert_eq!(self.json["status"], self.code, "{}", self.asked);
        assert!(self.json["title"].is_string() && self.json["detail"].is_string());
        assert!(self.json["errors"].is_array(), "{}", self.asked);
    }

    /// What a person is told of a refusal.
    pub(crate) fn detail(&self) -> &str {
        self.json["detail"].as_str().unwrap_or_default()
    }

    /// The paths of the values that are wrong.
    pub(crate) fn wrong_paths(&self) -> Vec<&str> {
        let errors = self.json["errors"].as_array().into_iter().flatten();
        errors.filter_map(|error| error["path"].as_str()).collect()
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> &[Value] {
        self.json["items"].as_array().map_or(&[], Vec::as_slice)
    }
}
