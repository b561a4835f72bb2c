//! A running server: its socket is open before its database is, so that who asks meanwhile hears
//! that it is not ready instead of nothing.

use std::convert::Infallible;
use std::future::ready;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use hyper::body::Incoming;
use hyper_util::rt::TokioTimer;
use tokio::task::{JoinHandle, JoinSet};
use tower::service_fn;
use zeroize::Zeroizing;

use crate::app::{App, Opened};
use crate::database::OpenError;
use crate::fleet;
use crate::http;
use crate::options::Options;
use crate::problem::Problem;
use crate::sessions;

/// How long a client may take for the head of a request.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// How long requests that are being answered have when the server stops.
const GRACE: Duration = Duration::from_secs(10);
/// How long a client may take for the handshake of TLS.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// A running server. Dropped, it goes on until the process ends; [`Server::stop`] ends it well.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    app: Arc<App>,
    admin_password: Option<Zeroizing<String>>,
    handle: Handle<SocketAddr>,
    serving: JoinHandle<std::io::Result<()>>,
    listening: Option<JoinHandle<()>>,
    /// What runs beside the requests until the server stops.
    beside: JoinSet<()>,
}

/// Why a server did not start.
#[derive(Debug)]
pub enum StartError {
    /// It cannot listen there.
    Listen(std::io::Error),
    /// Certificate or key cannot be read, or do not fit.
    Tls(std::io::Error),
    /// The database does not open.
    Database(OpenError),
}

impl Server {
    /// Starts a server; when this returns it answers.
    ///
    /// # Errors
    ///
    /// Where the address is taken, the certificate does not fit, or the database does not open.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let tls = match &options.tls {
            Some(tls) => {
                // Whoever was first: it is the same one.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let read = RustlsConfig::from_pem_chain_file(&tls.certificate, &tls.key).await;
                Some(read.map_err(StartError::Tls)?)
            }
            None => None,
        };
        let listener = TcpListener::bind(options.listen).map_err(StartError::Listen)?;
        listener.set_nonblocking(true).map_err(StartError::Listen)?;
        let address = listener.local_addr().map_err(StartError::Listen)?;
        let gate = Gate::default();
        let handle = Handle::new();
        let serving = serve(listener, tls, handle.clone(), gate.clone());
        let opened = App::open(options).await.inspect_err(|_| handle.shutdown());
        let Opened {
            app,
            admin_password,
            ear,
        } = opened.map_err(StartError::Database)?;
        let listening = ear.map(|ear| tokio::spawn(ear.follow(app.bus().clone())));
        let mut beside = JoinSet::new();
        fleet::run(&app, &mut beside);
        beside.spawn(sessions::watch::run(app.clone()));
        gate.open(http::Face::new(app.clone()));
        Ok(Self {
            address,
            app,
            admin_password,
            handle,
            serving,
            listening,
            beside,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is found: `http://127.0.0.1:8000`, `https://` over TLS.
    pub fn url(&self) -> String {
        let scheme = if self.app.options.tls.is_some() {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{}", self.address)
    }

    /// The password of the user `admin`, where this start made it. It is told once.
    pub fn admin_password(&self) -> Option<&str> {
        self.admin_password.as_deref().map(String::as_str)
    }

    /// Its inside, for who runs it in a process of their own.
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Takes no more, lets requests that are being answered end, and writes what waits.
    pub async fn stop(mut self) {
        self.app.stop();
        self.handle.graceful_shutdown(Some(GRACE));
        let _ = self.serving.await;
        while self.beside.join_next().await.is_some() {}
        if let Some(listening) = self.listening {
            listening.abort();
        }
        self.app.database.close().await;
    }
}

fn serve(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    handle: Handle<SocketAddr>,
    gate: Gate,
) -> JoinHandle<std::io::Result<()>> {
    let service = service_fn(move |from: SocketAddr| {
        let gate = gate.clone();
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            let gate = gate.clone();
            async move { Ok::<_, Infallible>(gate.answer(from, request.map(Body::new)).await) }
        });
        ready(Ok::<_, Infallible>(answer))
    });
    tokio::spawn(async move {
        let mut server = axum_server::from_tcp(listener)?.handle(handle);
        let mut http1 = server.http_builder().http1();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME);
        match tls {
            None => server.acceptor(NoDelayAcceptor::new()).serve(service).await,
            Some(config) => {
                let acceptor = RustlsAcceptor::new(config).handshake_timeout(HANDSHAKE_TIME);
                let acceptor = acceptor.acceptor(NoDelayAcceptor::new());
                server.acceptor(acceptor).serve(service).await
            }
        }
    })
}

/// Lets nothing through until the server is ready.
#[derive(Clone, Debug, Default)]
struct Gate(Arc<OnceLock<http::Face>>);

impl Gate {
    fn open(&self, face: http::Face) {
        let _ = self.0.set(face);
    }

    async fn answer(&self, from: SocketAddr, request: Request) -> Response {
        match self.0.get() {
            Some(face) => face.answer(from, request).await,
            None if request.uri().path() == "/healthz" => "alive\n".into_response(),
            None => {
                let detail = "the server is starting";
                Problem::later(StatusCode::SERVICE_UNAVAILABLE, detail, 1).into_response()
            }
        }
    }
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Listen(error) => write!(f, "it cannot listen there: {error}"),
            Self::Tls(error) => write!(f, "certificate or key: {error}"),
            Self::Database(error) => write!(f, "database: {error}"),
        }
    }
}

impl std::error::Error for StartError {}
