//! The pages for browsers without script: what became of the form, and why it was refused.

use core::fmt::{self, Write};
use core::net::Ipv4Addr;

use heapless::String;
use landfall_core::command::Verdict;
use landfall_core::net::{HOSTNAME_MAX, Ssid};
use landfall_core::radio::FailureClass;
use landfall_core::status::State;

use super::json::Html;
use super::view::View;

/// Most bytes of these pages.
pub const RESULT_PAGE_MAX: usize = 1024;

pub(crate) const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8>\
    <meta name=viewport content=\"width=device-width\">";

/// `GET /result`: refreshes itself every 3 seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultBody {
    candidate: Option<(Ssid, Verdict)>,
    connected: Option<(Ssid, Ipv4Addr)>,
    hostname: String<HOSTNAME_MAX>,
    ap_ssid: Ssid,
}

impl ResultBody {
    /// As things stand.
    pub fn of(view: &View<'_>) -> Self {
        let status = view.status;
        let ssid = status.ssid.filter(|_| status.state == State::Connected);
        Self {
            candidate: status.candidate,
            connected: ssid.zip(status.station_ip),
            hostname: view.hostname(),
            ap_ssid: status.ap_ssid,
        }
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        let title = match self.candidate {
            None => "No network chosen",
            Some((_, Verdict::Trying)) => "Connecting\u{2026}",
            Some((_, Verdict::Ok)) => "Connected",
            Some((_, Verdict::Failed(_) | Verdict::Interrupted | Verdict::SaveFailed)) => {
                "Could not connect"
            }
        };
        write!(
            out,
            "{HEAD}<meta http-equiv=refresh content=3><title>{title}</title><h1>{title}</h1>"
        )?;
        if let Some((ssid, verdict)) = &self.candidate {
            let ssid = Html(ssid.as_bytes());
            write!(out, "<p><bdi>{ssid}</bdi>: {}</p>", words(*verdict))?;
            if *verdict == Verdict::Trying {
                let ap = Html(self.ap_ssid.as_bytes());
                write!(out, "<p>If you drop out, join <bdi>{ap}</bdi> again.</p>")?;
            }
        }
        if let Some((_, ip)) = &self.connected {
            let name = &self.hostname;
            write!(
                out,
                "<p>There the device is <a href=\"http://{ip}/\">{ip}</a>, \
                 <a href=\"http://{name}.local/\">{name}.local</a></p>"
            )?;
        }
        out.write_str("<p><a href=\"/\">Back</a></p>")
    }
}

/// What the verdict means, and what to do next.
fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Trying => "this takes up to 20 seconds.",
        Verdict::Ok => "all is well.",
        Verdict::Interrupted => "the device restarted. Try again.",
        Verdict::SaveFailed => "it could not be saved. Try again.",
        Verdict::Failed(class) => match class {
            FailureClass::WrongPassword => "the password is wrong. Check it and try again.",
            FailureClass::NotFound => {
                "not found. Check the name, and that it is near and on 2.4 GHz."
            }
            FailureClass::SecurityMismatch => {
                "the security does not fit. Check whether it takes a password, and allow WPA2."
            }
            FailureClass::WeakSignal => "the signal is too weak. Move the device closer.",
            FailureClass::ApFull => "the router takes no more devices. Take one off it.",
            FailureClass::ApComeback => "the router asked to wait. Try again in a minute.",
            FailureClass::NoAddress => "the router gave no address. Restart it and try again.",
            FailureClass::Transient => "the connection broke off. Try again.",
            FailureClass::OwnDoing => "the device stopped trying. Try again.",
        },
    }
}

/// What came of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeBody {
    /// The word that the API has for it.
    pub why: &'static str,
}

impl NoticeBody {
    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        let words = match self.why {
            "recorded" => "You are marked present. You may leave this Wi-Fi now.",
            "already_recorded" => "You were marked before. You may leave this Wi-Fi now.",
            "kept" => "Kept. The device sends it as soon as the server answers.",
            "invalid-matric" => "A matric number has 5 to 20 letters, digits, or / . _ -",
            "wrong-code" => "The code is wrong. Type the one that is shown now.",
            "not-enrolled" => "You are not on the list. Tell your lecturer.",
            "no-active-session" => "No session is running. Wait for your lecturer.",
            "too-many-marks" => "Many are marking now. Try again in a moment.",
            "busy" => "The device is busy connecting. Wait 20 seconds and try again.",
            "list-full" => "All 16 places are taken. Remove a network first.",
            "forbidden" => "The device is set to join no network. Change its mode first.",
            "persist-failed" => "It could not be saved. Try again.",
            "invalid-ssid" => "A network name has 1 to 32 bytes.",
            "pass-too-short" => "A password has at least 8 characters.",
            "invalid-pass" => "A password has 8 to 63 characters without accents.",
            _ => "The device refused it. Try again.",
        };
        let title = match self.why {
            "recorded" | "already_recorded" | "kept" => "Marked",
            _ => "Not sent",
        };
        write!(
            out,
            "{HEAD}<title>{title}</title><h1>{title}</h1><p>{words}</p>\
             <p><a href=\"/\">Back</a></p>"
        )
    }
}
