//! Where heartbeats go, and how the connection there is made: a plain one, or TLS that trusts the
//! certificate of the measurement or an authority.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use ureq::http::Uri;

use super::{Failure, Way};

/// A way to send a request.
pub(super) type Sender = SendRequest<Full<Bytes>>;

/// A server, and how it is reached.
#[derive(Clone)]
pub(super) struct Target {
    address: SocketAddr,
    /// What is said as `Host`.
    pub(super) host: String,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Target {
    /// One of our own, at that address; with the certificate that it shows, over TLS.
    pub(super) fn own(address: SocketAddr, certificate: Option<&Path>) -> Result<Self, Failure> {
        let name = ServerName::from(address.ip());
        let tls = certificate.map(|pem| Ok((connector(Some(pem))?, name)));
        Ok(Self {
            address,
            host: address.to_string(),
            tls: tls.transpose()?,
        })
    }

    /// The server at that URL.
    pub(super) fn of(url: &str, ca: Option<&Path>, way: Way) -> Result<Self, Failure> {
        let failed = |why: &str| Failure::new(url, why, "name it as https://HOST:PORT");
        let uri: Uri = url.parse().map_err(|_| failed("it is no URL"))?;
        let secure = uri.scheme_str() == Some("https");
        if secure != (way == Way::Tls) {
            let help = "`--way tls` is for https://, the other ways for http://";
            return Err(Failure::new(url, "its scheme is not that of --way", help));
        }
        let host = uri.host().ok_or_else(|| failed("it names no host"))?;
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let found = (host.trim_matches(['[', ']']), port).to_socket_addrs();
        let mut found = found.map_err(|e| Failure::new(url, e, "see that it is known"))?;
        let address = found.next().ok_or_else(|| failed("it has no address"))?;
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
        let tls = match name {
            _ if !secure => None,
            Ok(name) => Some((connector(ca)?, name)),
            Err(_) => return Err(failed("its host has no name that a certificate could have")),
        };
        let host = uri
            .authority()
            .map_or_else(String::new, ToString::to_string);
        Ok(Self { address, host, tls })
    }

    /// A new connection; none where there is none to be had.
    pub(super) async fn connect(&self) -> Option<Sender> {
        let stream = TcpStream::connect(self.address).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let Some((connector, name)) = &self.tls else {
            let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
            tokio::spawn(connection);
            return Some(sender);
        };
        let stream = connector.connect(name.clone(), stream).await.ok()?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.ok()?;
        tokio::spawn(connection);
        Some(sender)
    }
}

/// Trusts the authorities in that file, or those that browsers trust.
fn connector(pem: Option<&Path>) -> Result<TlsConnector, Failure> {
    let mut roots = RootCertStore::empty();
    match pem {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let failed = |why: &dyn std::fmt::Display| {
                Failure::new(path.display(), why, "name a certificate in PEM")
            };
            let certificates = CertificateDer::pem_file_iter(path).map_err(|e| failed(&e))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|e| failed(&e))?;
                roots.add(certificate).map_err(|e| failed(&e))?;
            }
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Failure::new("bench", e, "report it"))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
