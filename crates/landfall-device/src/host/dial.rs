//! Connections of a host's clients, over its own sockets, with TLS where the URL wants it.
//!
//! Trusted is what the device's configuration names (`fleet.ca_pem`), and nothing else; where it names
//! nothing, who the browsers of this world trust.

use std::borrow::ToOwned;
use std::boxed::Box;
use std::io;
use std::net::TcpStream;
use std::sync::Arc;

use async_io::Async;
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, RawMutex};
use embedded_io_async::{ErrorType, Read, Write};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use futures_rustls::rustls::pki_types::pem::PemObject;
use futures_rustls::rustls::pki_types::{CertificateDer, ServerName};
use futures_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::{HostNet, TcpSocket};
use crate::dial::{Dial, DialError, Url, connect};
use crate::runtime::{Clock, Device, Wifi};

/// Dials for one device, whose configuration says whom to trust.
pub struct HostDial<C: 'static, M: RawMutex + 'static = CriticalSectionRawMutex> {
    wifi: Wifi<C, M>,
}

/// A connection.
pub enum Connection {
    /// Over which nothing is sealed.
    Plain(TcpSocket),
    /// Sealed by TLS.
    Tls(Box<TlsStream<Async<TcpStream>>>),
}

impl<C: Clock, M: RawMutex> HostDial<C, M> {
    /// For that device.
    pub fn new(wifi: Wifi<C, M>) -> Self {
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

    async fn secure(&self, host: &str, socket: TcpSocket) -> Result<Connection, DialError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| DialError::Untrusted)?
            .with_root_certificates(self.roots()?)
            .with_no_client_auth();
        let name = ServerName::try_from(host.to_owned()).map_err(|_| DialError::NoAddress)?;
        let stream = TlsConnector::from(Arc::new(config)).connect(name, socket.release());
        let stream = stream.await.map_err(|error| {
            log::warn!("{host}: {error}");
            DialError::Untrusted
        })?;
        Ok(Connection::Tls(Box::new(stream)))
    }
}

impl<C: Clock, M: RawMutex> Dial for HostDial<C, M> {
    type Connection<'a>
        = Connection
    where
        C: 'a,
        M: 'a;

    async fn dial(&self, url: &Url<'_>) -> Result<Connection, DialError> {
        let socket = connect(&HostNet, url).await?;
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
