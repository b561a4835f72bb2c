//! Who vouches for a test's broker: OpenSSL, as the owner of a broker uses it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A certificate authority of a test's own.
pub(crate) struct Authority {
    folder: tempfile::TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let of = |name| folder.path().join(name);
        request("authority", &of("key"), &of("certificate"), |command| {
            command
        });
        Self { folder }
    }

    /// What a device has to know to trust it.
    pub(crate) fn pem(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("certificate")).unwrap()
    }

    /// A certificate for a server on 127.0.0.1, and its key, in that folder.
    pub(crate) fn vouch(&self, folder: &Path) -> (PathBuf, PathBuf) {
        let (key, certificate) = (folder.join("key"), folder.join("certificate"));
        let own = self.folder.path();
        request("broker", &key, &certificate, |command| {
            command.arg("-CA").arg(own.join("certificate"));
            command.arg("-CAkey").arg(own.join("key"));
            command.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
            command.args(["-addext", "subjectAltName=IP:127.0.0.1"])
        });
        (certificate, key)
    }
}

fn request(
    name: &str,
    key: &Path,
    certificate: &Path,
    options: impl FnOnce(&mut Command) -> &mut Command,
) {
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]);
    command.args(["-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    command.args(["-subj", &format!("/CN={name}")]);
    command.arg("-keyout").arg(key).arg("-out").arg(certificate);
    let made = options(&mut command).stderr(Stdio::null()).status();
    assert!(made.expect("Debian's package openssl").success(), "{name}");
}
