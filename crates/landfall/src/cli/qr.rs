//! `landfall qr`: the code that takes a phone onto a network.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use landfall_core::net::{Passphrase, Security, Ssid};
use landfall_core::qr::{Code, WifiText};

use super::{Ended, Failure};

/// Print the QR code that takes a phone onto a network
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  landfall qr Landfall-56789A ABCDEFGH2345\n  landfall qr CafeFree --text"
)]
pub(super) struct Qr {
    /// The network's name
    ssid: String,
    /// Its password; without one it is open
    #[arg(default_value = "")]
    password: String,
    /// The network hides its name
    #[arg(long)]
    hidden: bool,
    /// Print the text of the code in place of the code
    #[arg(long)]
    text: bool,
}

impl Qr {
    pub(super) fn run(self) -> Ended {
        let ssid = Ssid::new(self.ssid.as_bytes())
            .map_err(|_| Failure::new("name", "not 1 to 32 bytes", "give the network's name"))?;
        let security = Security::from_password(self.password.as_bytes()).map_err(|_| {
            let why = "neither 8 to 63 printable characters nor 64 hexadecimal digits";
            Failure::new("password", why, "give the network's password, or none")
        })?;
        let text = WifiText::new(&ssid, key(&security), self.hidden);
        self.print(&text)
            .map_err(|e| Failure::new("stdout", e, "keep it open"))?;
        Ok(ExitCode::SUCCESS)
    }

    fn print(&self, text: &WifiText) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        if self.text {
            out.write_all(text.as_bytes())?;
            return writeln!(out);
        }
        let code = Code::new(text);
        (0..code.rows()).try_for_each(|n| writeln!(out, "{}", code.row(n)))
    }
}

fn key(security: &Security) -> Option<&Passphrase> {
    match security {
        Security::Open => None,
        Security::Personal(key) => Some(key),
    }
}
