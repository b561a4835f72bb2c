//! Every fuzz function for some seconds, from texts that are nearly right: what `cargo fuzz` does
//! for as long as one likes.

use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

use crate::console::COMMANDS;

use super::{config_json, console_lines, improv_bytes, net_values};

/// Cases of each, about two seconds.
const CASES: u32 = 12_000;

const DOCUMENTS: [&str; 3] = [
    r#"{"schema":2,"known_networks":[{"ssid":"Home","password":"Password1","bssid":null,"hidden":true},
{"ssid_hex":"ff00","password":"","enables_webrepl":true}],"access_point":{"config":{"essid":"Board",
"channel":11,"hidden":false,"password":"P@55W0rd","max_clients":4},"start_policy":"fallback"},
"config_server":{"enabled":true,"password":"micropython"},"station":{"connect_timeout_ms":9000}}"#,
    r#"{"schema":2,"known_networks":[],"access_point":{},"mode":"sta","portal":{"ap_address":"10.1.0.1/16"},
"fleet":{"url":"https://fleet.example","claim":"code"},"mqtt":{"url":"mqtt://broker","user":"me","password":"secret"},
"radio":{"country":"01","tx_power_dbm":15},"led":{"pin":2,"active_low":true},"log_level":"trace","of_theirs":[1]}"#,
    r#"{"known_networks":[{"ssid":"Caf\u00e9","password":"********"}],"hostname":"landfall-56789a"}"#,
];

/// The example of every command, and what a terminal sends beside text.
fn lines() -> Vec<&'static [u8]> {
    let mut lines: Vec<_> = COMMANDS
        .iter()
        .map(|command| command.example.as_bytes())
        .collect();
    lines.push(b"NET:SET,HomeNetwork,Password2;NET:LIST;HELP\r\nNET:STATUS\r\n");
    lines.push("NET:ECHO,on\r\x08\x7f\x03\x15\x1b[A\u{e9}\r".as_bytes());
    lines
}

/// Requests of every kind, among text.
fn frames() -> Vec<&'static [u8]> {
    std::vec![
        b"NET:\nIMPROV\x01\x03\x02\x02\x00\xe5\nIMPROV\x01\x03\x02\x04\x00\xe7STATUS\r\n",
        b"IMPROV\x01\x03\x20\x01\x1e\x0cMyWirelessAP\x10mysecurepassword\xc1\n",
        b"IMPROV\x01\x03\x04\x05\x02\x01a\x4e\nIMPROV\x01\x03\x03\x06\x01a\x4c\n",
    ]
}

fn documents() -> Vec<&'static [u8]> {
    DOCUMENTS.map(str::as_bytes).to_vec()
}

/// One of the texts, after a few cuts, copies and strange bytes.
fn mangled(texts: Vec<&'static [u8]>) -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        0_usize..24,
        prop_oneof![
            r#"null|""|\{\}|\[\]|-1|65536|"|\\|\r|\n|;|,|:"#.prop_map(String::into_bytes),
            prop::sample::select(texts.clone()).prop_map(<[u8]>::to_vec),
            prop::collection::vec(any::<u8>(), 0..6),
        ],
    );
    let changes = prop::collection::vec(change, 0..4);
    (prop::sample::select(texts), changes).prop_map(|(text, changes)| {
        let mut bytes = text.to_vec();
        for (at, cut, with) in changes {
            let at = at.index(bytes.len() + 1);
            let end = bytes.len().min(at + cut);
            bytes.splice(at..end, with);
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn configurations_hold(bytes in mangled(documents())) {
        config_json(&bytes);
    }

    #[test]
    fn consoles_hold(bytes in mangled(lines())) {
        console_lines(&bytes);
    }

    #[test]
    fn frames_hold(bytes in mangled(frames())) {
        improv_bytes(&bytes);
    }

    #[test]
    fn values_hold(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
        net_values(&bytes);
    }
}

#[test]
fn what_is_nearly_right_is_right_unmangled() {
    documents().into_iter().for_each(config_json);
    frames().into_iter().for_each(improv_bytes);
    for line in lines() {
        console_lines(&[line, b"\r"].concat());
    }
}

#[test]
fn values_hold_for_the_edges() {
    let long = [b'a'; 70];
    for length in 0..long.len() {
        net_values(&long[..length]);
    }
    for text in [
        "24:6F:28:56:78:9A",
        "10.0.0.2/24",
        "0.0.0.0/0",
        "a-b",
        "-",
        "\u{e9}",
    ] {
        net_values(text.as_bytes());
    }
}
