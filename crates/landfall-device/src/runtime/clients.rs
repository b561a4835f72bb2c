//! Who has joined our access point.

use heapless::Vec;
use landfall_core::config::AP_CLIENTS_MAX;
use landfall_core::event::Event;
use landfall_core::status::Client;
use landfall_core::time::Instant;

/// The clients of the access point, longest there first.
pub type Clients = Vec<Client, { AP_CLIENTS_MAX as usize }>;

/// Follows the events of the access point.
pub(super) fn follow(clients: &mut Clients, event: &Event, now: Instant) {
    match event {
        Event::ApStaConnected { mac } => {
            clients.retain(|client| client.mac != *mac);
            // The radio takes no more clients than there are places.
            let _ = clients.push(Client {
                mac: *mac,
                rssi: None,
                since: now,
            });
        }
        Event::ApStaDisconnected { mac } => clients.retain(|client| client.mac != *mac),
        Event::ApStart { .. } | Event::ApStop | Event::ApFailed { .. } => clients.clear(),
        Event::StaStart
        | Event::StaConnected { .. }
        | Event::StaDisconnected { .. }
        | Event::StaGotIp { .. }
        | Event::StaLostIp
        | Event::Connected { .. }
        | Event::Disconnected { .. }
        | Event::ApStarted { .. }
        | Event::ConnectionFailed { .. }
        | Event::ConfigApplied { .. }
        | Event::ConfigReverted { .. }
        | Event::SessionStarted { .. }
        | Event::SessionEnded
        | Event::Crashed { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use landfall_core::net::Mac;

    use super::*;

    #[test]
    fn a_client_stands_once_from_its_joining_to_its_leaving() {
        let mac = |n| Mac([2, 0, 0, 0, 0, n]);
        let at = Instant::from_ms;
        let mut clients = Clients::new();
        follow(&mut clients, &Event::ApStaConnected { mac: mac(1) }, at(10));
        follow(&mut clients, &Event::ApStaConnected { mac: mac(2) }, at(20));
        follow(&mut clients, &Event::ApStaConnected { mac: mac(1) }, at(30));
        let seen = |c: &Clients| {
            c.iter()
                .map(|c| (c.mac, c.since))
                .collect::<std::vec::Vec<_>>()
        };
        assert_eq!(seen(&clients), [(mac(2), at(20)), (mac(1), at(30))]);
        follow(
            &mut clients,
            &Event::ApStaDisconnected { mac: mac(2) },
            at(40),
        );
        assert_eq!(seen(&clients), [(mac(1), at(30))]);
        follow(&mut clients, &Event::ApStop, at(50));
        assert!(clients.is_empty());
    }
}
