//! A whole configuration at once: what stays, what begins anew, and that it may come at any moment.

use proptest::prelude::*;

use super::{Bench, KIND_MS, KIND_STEPS_MAX, input, key, knows, pause_ms, ssid};
use crate::command::{Command, Door, Ticket};
use crate::config::{ApSettings, KnownNetwork, Mode, StartPolicy, Wifi};
use crate::manager::Input;
use crate::net::Channel;
use crate::radio::RadioOp;
use crate::status::State;

/// Lets the radio be kind until the state is this, and the store at rest.
fn until(bench: &mut Bench, state: State) {
    for _ in 0..KIND_STEPS_MAX {
        if bench.machine.state() == state && bench.machine.takes_config() {
            return;
        }
        bench.be_kind();
    }
    panic!("never {state:?}: {:?}", bench.machine.status());
}

#[test]
fn the_network_is_left_and_joined_anew() {
    let mut bench = Bench::new(knows(1));
    until(&mut bench, State::Connected);
    let mut wifi = knows(3);
    wifi.networks.remove(0);
    bench.configure(wifi);
    assert_eq!(bench.machine.state(), State::Connecting);
    assert!(!bench.machine.is_reachable());
    until(&mut bench, State::Connected);
    assert_eq!(bench.machine.status().ssid, Some(ssid(1)));
    assert!(bench.machine.is_reachable());
}

#[test]
fn the_access_point_keeps_its_clients_where_its_settings_are_the_same() {
    let mut bench = Bench::new(knows(0));
    until(&mut bench, State::ApActive);
    let asked = bench.asked.len();
    bench.configure(knows(1));
    assert!(bench.machine.is_reachable());
    until(&mut bench, State::Connected);
    let comes_up = |op: &RadioOp| matches!(op, RadioOp::ApStart { .. });
    assert!(!bench.asked[asked..].iter().any(comes_up));
}

#[test]
fn the_access_point_comes_back_with_other_settings_and_counts_then_only() {
    let mut bench = Bench::new(knows(0));
    until(&mut bench, State::ApActive);
    let asked = bench.asked.len();
    let mut wifi = knows(0);
    wifi.ap.channel = Channel::new(11);
    bench.configure(wifi);
    assert!(!bench.machine.is_reachable());
    for _ in 0..10 {
        bench.be_kind();
    }
    let ops = &bench.asked[asked..];
    assert!(ops.contains(&RadioOp::ApStop), "{ops:?}");
    assert!(bench.machine.is_reachable());
}

#[test]
fn a_mode_without_interfaces_is_never_reachable() {
    let mut bench = Bench::new(knows(1));
    until(&mut bench, State::Connected);
    bench.configure(Wifi {
        mode: Mode::Off,
        ..knows(1)
    });
    for _ in 0..10 {
        bench.be_kind();
    }
    assert_eq!(bench.machine.state(), State::Off);
    assert!(!bench.machine.is_reachable());
}

#[test]
fn it_is_refused_while_the_store_is_at_work_or_credentials_are_proved() {
    let mut bench = Bench::new(knows(0));
    until(&mut bench, State::ApActive);
    let ticket = Ticket {
        door: Door::Http,
        number: 1,
    };
    let join = Command::Join {
        ssid: ssid(1),
        security: key(1),
    };
    bench.feed(Input::Command(ticket, join));
    let (now, before) = (bench.now, bench.machine.clone());
    assert!(bench.writing && bench.machine.handle_config(knows(2), false, now).is_err());
    assert_eq!(bench.machine, before);
    bench.be_kind();
    assert!(bench.machine.is_proving());
    assert!(bench.machine.handle_config(knows(2), false, now).is_err());
}

fn wifi() -> impl Strategy<Value = Wifi> {
    let networks = proptest::collection::vec((any::<u8>(), any::<u8>()), 0..5);
    (networks, 0..4_usize, 0..3_usize, 1..14_u8).prop_map(|(networks, mode, policy, channel)| {
        let networks = networks
            .iter()
            .map(|(name, secret)| KnownNetwork::new(ssid(*name), key(*secret)));
        Wifi {
            mode: Mode::ALL[mode],
            networks: networks.collect(),
            ap: ApSettings {
                start_policy: StartPolicy::ALL[policy],
                channel: Channel::new(channel),
                ..ApSettings::default()
            },
            ..Wifi::default()
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Configurations between any inputs: numbers of networks stay apart, and a kind radio leads to
    /// what the last one wants.
    #[test]
    fn it_may_come_at_any_moment(
        steps in proptest::collection::vec(
            (pause_ms(), input(), proptest::option::weighted(0.2, wifi())),
            1..60,
        ),
    ) {
        let mut bench = Bench::new(knows(1));
        for (pause_ms, input, wifi) in steps {
            match pause_ms {
                Some(ms) => bench.now = bench.now.plus_ms(ms),
                None => bench.wait(),
            }
            if let Input::Stored(_) = input {
                bench.writing = false;
            }
            bench.feed(input);
            if let Some(wifi) = wifi {
                bench.configure(wifi);
            }
            let networks = &bench.machine.wifi().networks;
            for (place, network) in networks.iter().enumerate() {
                prop_assert!(networks[..place].iter().all(|other| other.id != network.id));
            }
        }
        let end = bench.now.plus_ms(KIND_MS);
        for step in 0.. {
            if bench.now >= end {
                break;
            }
            bench.be_kind();
            prop_assert!(step < KIND_STEPS_MAX, "a hot loop: {:?}", bench.machine);
        }
        let machine = &bench.machine;
        let status = machine.status();
        let looks = status.mode.uses_station() && !machine.is_paused();
        let home = looks && !machine.wifi().networks.is_empty();
        prop_assert_eq!(status.station_ip.is_some(), home, "{:?}", status);
        let wanted = matches!(status.mode, Mode::Ap | Mode::StaAp);
        prop_assert!(wanted || !status.ap_up);
    }
}
