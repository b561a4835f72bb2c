//! Connections to the fleet server, over this machine's sockets, with TLS where the URL wants it.
//!
//! Trusted is what the device's configuration names (`fleet.ca_pem`), and nothing else; where it names
//! nothing, who the browsers of this world trust.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;

use async_io::Async;
use edge_nal::{AddrType, Dns};
use edge_nal_std::Stack;
use embedded_io_async::{ErrorType, Read, Write};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_rustls::rustls::pki_types::pem::PemObject;
use futures_rustls::rustls::pki_types::{CertificateDer, ServerName};
use futures_rustls::rustls::{ClientConfig, RootCertStore, crypto};
use landfall_device::fleet::{Dial, DialError, Url};
use landfall_device::runtime::{Device, Wifi};

use super::DeviceClock;

/// Dials for one device.
pub(super) struct HostDial {
    wifi: Wifi<DeviceClock>,
}

/// A connection.
pub(super) enum Connection {
    /// Over which the device seals what it sends.
    Plain(Async<TcpStream>),
    /// Sealed by TLS.
    Tls(Box<TlsStream<Async<TcpStream>>>),
}

impl HostDial {
    pub(super) fn new(wifi: Wifi<DeviceClock>) -> Self {
        Self { wifi }
    }

    /// What the device trusts.
    fn roots(&self) -> Result<RootCertStore, DialError> {
        let pem = |device: &mut Device| device.services.fleet_ca_pem.clone();
        let pem = self.wifi.shared().with(pem).unwrap_or_default();
        if pem.is_empty() {
            let known = webpki_roots::TLS_SERVER_ROOTS.iter().cloned();
            return Ok(known.collect());
        }
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|_| DialError::Untrusted)?;
            roots.add(certificate).map_err(|_| DialError::Untrusted)?;
        }
        Ok(roots)
    }

    async fn secure(&self, host: &str, socket: Async<TcpStream>) -> Result<Connection, DialError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| DialError::Untrusted)?
            .with_root_certificates(self.roots()?)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).map_err(|_| DialError::NoAddress)?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, socket);
        let stream = stream.await.map_err(|error| {
            tracing::warn!("{host}: {error}");
            DialError::Untrusted
        })?;
        Ok(Connection::Tls(Box::new(stream)))
    }
}

impl Dial for HostDial {
    type Connection<'a> = Connection;

    async fn dial(&self, url: &Url<'_>) -> Result<Connection, DialError> {
        let address = match url.host.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) => {
                let names = Stack::new();
                let found = names.get_host_by_name(url.host, AddrType::IPv4).await;
                found.map_err(|_| DialError::NoAddress)?
            }
        };
        let socket = Async::<TcpStream>::connect(SocketAddr::new(address, url.port)).await;
        let socket = socket.map_err(|_| DialError::Refused)?;
        if url.tls {
            self.secure(url.host, socket).await
        } else {
            Ok(Connection::Plain(socket))
        }
    }
}

impl ErrorType for Connection {
    type Error = io::Error;
}

impl Read for Connection {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.read(buf).await,
            Self::Tls(stream) => stream.read(buf).await,
        }
    }
}

impl Write for Connection {
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(socket) => socket.write(buf).await,
            Self::Tls(stream) => stream.write(buf).await,
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(socket) => socket.flush().await,
            Self::Tls(stream) => stream.flush().await,
        }
    }
}
