//! Events as JSON and as Server-Sent Events (WHATWG HTML §9.2).

use core::fmt::{self, Write};

use landfall_core::config::Wifi;
use landfall_core::event::{Event, Record};
use landfall_core::json::JsonBytes;
use landfall_core::net::Ssid;

use super::json::{SsidMember, array};

/// Most bytes of one event in a stream: a round over 16 networks with names of 32 bytes, each
/// escaped.
pub const EVENT_MAX: usize = 3400;

/// One event of a stream: its number, its name, its data.
pub(crate) fn write_sse(out: &mut dyn Write, record: &Record, wifi: &Wifi) -> fmt::Result {
    write!(
        out,
        "id: {}\nevent: {}\ndata: ",
        record.seq,
        record.event.name()
    )?;
    write_json(out, record, wifi)?;
    out.write_str("\n\n")
}

/// `{"seq","ms","event",…}`: the event's own members beside its number, time and name.
pub fn write_json(out: &mut dyn Write, record: &Record, wifi: &Wifi) -> fmt::Result {
    write!(
        out,
        r#"{{"seq":{},"ms":{},"event":"{}""#,
        record.seq,
        record.at_ms,
        record.event.name()
    )?;
    write_members(out, &record.event, wifi)?;
    out.write_char('}')
}

fn write_members(out: &mut dyn Write, event: &Event, wifi: &Wifi) -> fmt::Result {
    match event {
        Event::StaStart | Event::StaLostIp | Event::ApStop => Ok(()),
        Event::StaConnected {
            ssid,
            bssid,
            channel,
            rssi,
        } => {
            let channel = channel.number();
            write!(
                out,
                r#",{},"bssid":"{bssid}","channel":{channel},"rssi":{rssi}"#,
                SsidMember("ssid", Some(ssid))
            )
        }
        Event::StaDisconnected {
            ssid,
            class,
            reason,
        } => write!(
            out,
            r#",{},"class":"{class}","reason":{}"#,
            SsidMember("ssid", Some(ssid)),
            reason.number()
        ),
        Event::StaGotIp { ip } => write!(out, r#","ip":"{ip}""#),
        Event::ApStart { ssid } | Event::Disconnected { ssid } => {
            write!(out, ",{}", SsidMember("ssid", Some(ssid)))
        }
        Event::ApFailed { class } => write!(out, r#","class":"{class}""#),
        Event::ApStaConnected { mac } | Event::ApStaDisconnected { mac } => {
            write!(out, r#","mac":"{mac}""#)
        }
        Event::Connected { ssid, ip } => {
            write!(out, r#",{},"ip":"{ip}""#, SsidMember("ssid", Some(ssid)))
        }
        Event::ApStarted { essid } => write!(out, ",{}", SsidMember("essid", Some(essid))),
        Event::ConnectionFailed { attempted } => {
            let known = |id| wifi.network_by_id(id).map(|network| &network.ssid);
            // One that was forgotten meanwhile has no name any more.
            let names = attempted.ids().iter().filter_map(|id| known(*id));
            out.write_str(r#","attempted_networks":"#)?;
            array(out, names, |out, ssid: &Ssid| {
                write!(out, "{}", JsonBytes(ssid.as_bytes()))
            })
        }
        Event::ConfigApplied { version } => write!(out, r#","version":{version}"#),
        Event::ConfigReverted { version, class } => {
            write!(out, r#","version":{version},"class":"#)?;
            match class {
                Some(class) => write!(out, "\"{class}\""),
                None => out.write_str("null"),
            }
        }
    }
}
