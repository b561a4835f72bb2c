//! Random worlds: from a seed, networks, routers, users and fate.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use landfall_core::command::{Command, PortalUse};
use landfall_core::config::{
    ApSettings, KnownNetwork, Mode, Security, StartPolicy, StationSettings, Wifi,
};
use landfall_core::net::{Channel, Ssid};
use landfall_core::radio::Reason;

use super::Start;
use super::action::{Action, Missed};
use super::scenario::Scenario;
use super::store::NewConfig;
use crate::air::Fault;
use crate::air::access_point::ApChange;
use crate::air::file::AirFile;
use crate::rng::Rng;

/// Names of networks: few, so that known and present ones meet often.
const NAMES: [&str; 5] = ["home", "work", "cafe", "far", "other"];
/// Keys: few, so that wrong ones are sometimes right elsewhere. The first opens.
const KEYS: [&str; 3] = ["correct-horse", "battery-staple", "wrong-all-along"];

/// A world of that length.
pub fn scenario(seed: u64, hours: f64) -> Scenario {
    let mut rng = Rng::new(seed ^ 0x1a2d_f411);
    let air_text = air(&mut rng, seed);
    let air = AirFile::parse("random", &air_text)
        .unwrap_or_else(|error| unreachable!("a generated air is one: {error}"));
    let until_ms = (hours * 3_600_000.0) as u64;
    let routers: Vec<String> = air.aps.iter().map(|ap| ap.name.clone()).collect();
    let mut at_ms = 0;
    let mut actions = Vec::new();
    // Quiet stretches let the long timers play; busy ones let actions meet.
    let pace_ms = *pick(&mut rng, &[500, 5_000, 30_000, 240_000]);
    loop {
        at_ms += rng.below(2 * pace_ms);
        if at_ms >= until_ms {
            break;
        }
        actions.push((at_ms, action(&mut rng, &routers)));
    }
    Scenario {
        wifi: wifi(&mut rng),
        start: Start::default(),
        seed,
        actions,
        until_ms,
        air_text,
        air,
    }
}

fn pick<'a, T>(rng: &mut Rng, from: &'a [T]) -> &'a T {
    &from[rng.below(from.len() as u64) as usize]
}

fn name(rng: &mut Rng) -> Ssid {
    Ssid::new(pick(rng, &NAMES).as_bytes()).unwrap_or_else(|_| unreachable!("a short name"))
}

fn key(rng: &mut Rng) -> Security {
    let key = if rng.chance(70) {
        KEYS[0]
    } else {
        *pick(rng, &KEYS)
    };
    let key = if rng.chance(10) { "" } else { key };
    Security::from_password(key.as_bytes()).unwrap_or_else(|_| unreachable!("a good key"))
}

fn wifi(rng: &mut Rng) -> Wifi {
    let mut wifi = Wifi::default();
    for _ in 0..rng.below(4) {
        let network = KnownNetwork {
            hidden: rng.chance(15),
            proven: rng.chance(50),
            ..KnownNetwork::new(name(rng), key(rng))
        };
        if wifi.networks.iter().all(|known| known.ssid != network.ssid) {
            // Four fit in sixteen.
            let _ = wifi.networks.push(network);
        }
    }
    wifi.mode = if rng.chance(85) {
        Mode::StaAp
    } else {
        *pick(rng, &Mode::ALL)
    };
    let often = rng.chance(70);
    wifi.ap.start_policy = if often {
        StartPolicy::Fallback
    } else {
        *pick(rng, &StartPolicy::ALL)
    };
    wifi.station = timing(rng);
    wifi
}

fn timing(rng: &mut Rng) -> StationSettings {
    StationSettings {
        fallback_deadline_ms: *pick(rng, &[15_000, 15_000, 0, 3_000, 60_000]),
        max_retry: *pick(rng, &[5, 5, 1, 2, 50]),
        connect_timeout_ms: *pick(rng, &[10_000, 10_000, 7_000]),
    }
}

fn air(rng: &mut Rng, seed: u64) -> String {
    let mut text = format!(
        "seed = {}\nscan_ms = {}\n",
        seed % 1_000,
        pick(rng, &[2000, 800])
    );
    for n in 0..1 + rng.below(5) {
        _ = write!(
            text,
            "[[ap]]\nname = \"r{n}\"\nssid = \"{}\"\nbssid = \"02:00:00:00:00:0{n}\"\n\
             channel = {}\nrssi = {}\nhidden = {}\ndhcp = {}\non = {}\njoin_ms = {}\n\
             dhcp_ms = {}\n",
            pick(rng, &NAMES),
            pick(rng, &[1, 6, 6, 11]),
            -40 - rng.below(45) as i64,
            rng.chance(15),
            rng.chance(90),
            rng.chance(80),
            pick(rng, &[600, 600, 200, 2500]),
            pick(rng, &[400, 400, 50, 3000]),
        );
        if rng.chance(85) {
            let key = if rng.chance(85) { KEYS[0] } else { KEYS[1] };
            let security = pick(rng, &["wpa2", "wpa2", "wpa2-wpa3", "wpa3"]);
            _ = writeln!(text, "password = \"{key}\"\nsecurity = \"{security}\"");
        }
    }
    text
}

fn action(rng: &mut Rng, routers: &[String]) -> Action {
    match rng.below(100) {
        0..45 => Action::Ap(pick(rng, routers).clone(), change(rng)),
        45..47 => Action::LeaseEnds,
        47..50 => Action::Fault(Fault::Join(reason(rng))),
        50..52 => Action::Miss(*pick(rng, &Missed::EVERY)),
        52 => Action::Command(Command::SetAp(ApSettings {
            start_policy: *pick(rng, &StartPolicy::ALL),
            ..ApSettings::default()
        })),
        53 => {
            let network = KnownNetwork::new(name(rng), key(rng));
            Action::Command(Command::Put(rng.below(3) as u8, network))
        }
        54 => Action::Command(Command::RemoveAt(rng.below(3) as u8)),
        55..63 => Action::Command(Command::Join {
            ssid: name(rng),
            security: key(rng),
        }),
        63..67 => Action::Command(Command::Add(KnownNetwork::new(name(rng), key(rng)))),
        67..69 => Action::Command(Command::Remove(name(rng))),
        69..72 => Action::Command(Command::SetMode(*pick(rng, &Mode::ALL))),
        72 => Action::Command(Command::Scan),
        73 => Action::Command(Command::SetStation(timing(rng))),
        74 if rng.chance(50) => Action::Request,
        74 => Action::Config(Box::new(NewConfig {
            wifi: wifi(rng),
            serves: rng.chance(50),
            cut: rng.chance(15),
        })),
        75..83 => Action::Portal(*pick(
            rng,
            &[
                PortalUse::Touched,
                PortalUse::Touched,
                PortalUse::Posted,
                PortalUse::Seen,
            ],
        )),
        83..90 => Action::PowerCut,
        90..92 => Action::FlashFails(rng.chance(40)),
        92..95 => Action::Fault(if rng.chance(50) {
            Fault::Scan
        } else {
            Fault::ApStart
        }),
        95 => Action::Command(if rng.chance(50) {
            Command::Reset
        } else {
            Command::ResetByButton
        }),
        96 => Action::Command(Command::Reboot),
        97 => Action::Command(Command::Disconnect),
        _ => Action::Command(Command::Resume),
    }
}

fn reason(rng: &mut Rng) -> Reason {
    let codes = [
        2, 4, 5, 8, 13, 15, 77, 200, 201, 202, 203, 205, 208, 210, 212,
    ];
    match rng.below(20) {
        0 => Reason::SaeStatus(1),
        1 => Reason::AssocStatus(17),
        2 => Reason::AssocStatus(30),
        _ => Reason::Code(*pick(rng, &codes)),
    }
}

fn change(rng: &mut Rng) -> ApChange {
    match rng.below(12) {
        0..2 => ApChange::On(false),
        2..6 => ApChange::On(true),
        6 => {
            let key = *pick(rng, &KEYS[..2]);
            let security = Security::from_password(key.as_bytes());
            ApChange::Password(security.unwrap_or(Security::Open))
        }
        7 => ApChange::Rssi(-40 - rng.below(55) as i8),
        8 => ApChange::Dhcp(rng.chance(70)),
        9 => ApChange::Deauth,
        10 => ApChange::Comeback(*pick(rng, &[1_100, 3_000, 9_000, 60_000])),
        _ => {
            let number = *pick(rng, &[1, 6, 11]);
            ApChange::Channel(Channel::new(number).unwrap_or(Channel::ONE))
        }
    }
}
