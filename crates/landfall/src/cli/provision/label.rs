//! A label to stick on a device: the code that takes a phone onto its own network.

use std::fmt::Write;

use landfall_core::net::{Passphrase, Security, Ssid};
use landfall_core::qr::{Code, WifiText};
use serde_json::{Value, json};

use crate::cli::Failure;

/// Modules of white that a reader needs around a code (ISO/IEC 18004 §6.3.8).
const QUIET: usize = 4;
/// Height of a line of text, in modules.
const LINE: usize = 4;
/// Width of a character at that height, in modules, about.
const CHARACTER: usize = 2;

/// What stands on a label.
#[derive(Clone, Debug)]
pub(super) struct Label {
    name: String,
    hardware_id: String,
    ap_ssid: Ssid,
    key: Option<Passphrase>,
}

impl Label {
    /// Of a device with that name and hardware address, and an access point with that name and
    /// password; an empty one: it is open.
    pub(super) fn new(
        name: &str,
        mac: &str,
        ap_ssid: &[u8],
        ap_password: &str,
    ) -> Result<Self, Failure> {
        let strange = |what| Failure::new(what, "not understood", "update this program");
        let key = match Security::from_password(ap_password.as_bytes()) {
            Ok(Security::Open) => None,
            Ok(Security::Personal(key)) => Some(key),
            Err(_) => return Err(strange("the access point's key")),
        };
        Ok(Self {
            name: name.to_owned(),
            hardware_id: hardware_id(mac),
            ap_ssid: Ssid::new(ap_ssid).map_err(|_| strange("the access point's name"))?,
            key,
        })
    }

    fn wifi(&self) -> WifiText {
        WifiText::new(&self.ap_ssid, self.key.as_ref(), false)
    }

    /// The lines below the code.
    fn lines(&self) -> [String; 4] {
        let mut key = String::new();
        match &self.key {
            // A string takes everything.
            Some(secret) => drop(secret.expose(&mut key)),
            None => key.push_str("(no password)"),
        }
        [
            self.name.clone(),
            self.hardware_id.clone(),
            self.ap_ssid.to_string(),
            key,
        ]
    }

    /// For a terminal: dark on light, whatever its colours are.
    pub(super) fn text(&self) -> String {
        let code = Code::new(&self.wifi());
        let rows = (0..code.rows()).map(|n| code.row(n).to_string());
        rows.chain(self.lines()).collect::<Vec<_>>().join("\n")
    }

    /// A drawing.
    pub(super) fn svg(&self) -> String {
        let code = Code::new(&self.wifi());
        let side = usize::from(code.size());
        let lines = self.lines();
        let longest = lines.iter().map(|line| line.chars().count()).max();
        let width = (side + 2 * QUIET).max(longest.unwrap_or(0) * CHARACTER + 2 * QUIET);
        let height = side + 2 * QUIET + lines.len() * LINE + QUIET / 2;
        let left = (width - side) / 2;
        let mut path = String::new();
        for (y, x) in (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (y, x))) {
            if code.is_dark(x, y) {
                let (x, y) = (left + usize::from(x), QUIET + usize::from(y));
                // Writing into a string cannot fail.
                let _ = write!(path, "M{x} {y}h1v1h-1z");
            }
        }
        let mut texts = String::new();
        for (n, line) in lines.iter().enumerate() {
            let (x, y) = (width / 2, side + 2 * QUIET + (n + 1) * LINE - 1);
            let _ = write!(
                texts,
                "\n<text x=\"{x}\" y=\"{y}\">{}</text>",
                escaped(line)
            );
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"monospace\" font-size=\"3\" text-anchor=\"middle\">\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n\
             <path shape-rendering=\"crispEdges\" d=\"{path}\"/>{texts}\n</svg>"
        )
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let [name, hardware_id, ap_ssid, ap_password] = self.lines();
        json!({
            "name": name,
            "hardware_id": hardware_id,
            "ap_ssid": ap_ssid,
            "ap_password": self.key.as_ref().map(|_| ap_password),
            "qr": String::from_utf8_lossy(self.wifi().as_bytes()),
        })
    }
}

/// `lf-246f2856789a` of `24:6F:28:56:78:9A`.
pub(super) fn hardware_id(mac: &str) -> String {
    format!("lf-{}", mac.replace(':', "").to_ascii_lowercase())
}

/// Text as XML has it: a name is text, whatever a stranger put in it.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_device_and_network() {
        let label = Label::new("oven", "24:6F:28:56:78:9A", b"<Ov&en>", "ABCDEFGHJKLM").unwrap();
        let text = label.text();
        assert!(
            text.ends_with("oven\nlf-246f2856789a\n<Ov&en>\nABCDEFGHJKLM"),
            "{text}"
        );
        assert!(text.contains('█'));
        let svg = label.svg();
        assert!(
            svg.contains("&lt;Ov&amp;en&gt;")
                && svg.starts_with("<svg ")
                && svg.ends_with("</svg>")
        );
        let dark = text.chars().filter(|c| "█▀▄".contains(*c)).count();
        assert!(dark > 100 && svg.matches("h1v1h-1z").count() > 100);
        assert_eq!(label.json()["qr"], "WIFI:T:WPA;S:<Ov&en>;P:ABCDEFGHJKLM;;");
    }

    #[test]
    fn an_open_network_has_no_key_and_a_strange_one_no_label() {
        let label = Label::new("oven", "24:6F:28:56:78:9A", b"Oven", "").unwrap();
        assert_eq!(label.json()["ap_password"], Value::Null);
        assert!(label.text().ends_with("(no password)"));
        assert!(Label::new("oven", "", b"", "").is_err());
    }
}
