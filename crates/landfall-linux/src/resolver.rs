//! Who knows names in the network joined, told to the system's resolver.
//!
//! The servers stand in `resolv.conf` of our folder, for a system whose `/etc/resolv.conf` is a link to
//! it. Where `resolvconf` or systemd-resolved keeps that file, they are told.

use std::fs;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::process::find;

/// Where systemd-resolved lives while it runs.
const RESOLVED: &str = "/run/systemd/resolve";

/// Tells the servers of that interface; none: it has no network.
pub fn tell(run: &Path, interface: &str, servers: &[Ipv4Addr]) {
    let text = servers
        .iter()
        .map(|server| format!("nameserver {server}\n"));
    let text: String = text.collect();
    let path = run.join("resolv.conf");
    if let Err(error) = fs::write(&path, &text) {
        tracing::warn!("{}: {error}", path.display());
    }
    let (interface, servers) = (interface.to_owned(), servers.to_vec());
    // They are other programs, and take their time.
    blocking::unblock(move || {
        if let Err(error) = tell_system(&interface, &servers, &text) {
            tracing::warn!("the system's resolver does not hear of the name servers: {error}");
        }
    })
    .detach();
}

fn tell_system(interface: &str, servers: &[Ipv4Addr], text: &str) -> io::Result<()> {
    if let Some(program) = find("resolvconf") {
        let name = format!("{interface}.landfall");
        let action = if servers.is_empty() { "-d" } else { "-a" };
        return run_with(Command::new(program).args([action, &name]), text);
    }
    if Path::new(RESOLVED).exists()
        && let Some(program) = find("resolvectl")
    {
        if servers.is_empty() {
            return run_with(Command::new(program).args(["revert", interface]), "");
        }
        let servers = servers.iter().map(Ipv4Addr::to_string);
        return run_with(
            Command::new(program).args(["dns", interface]).args(servers),
            "",
        );
    }
    Ok(())
}

fn run_with(command: &mut Command, input: &str) -> io::Result<()> {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let status = child.wait()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("it ended with {status}")))
    }
}
