//! Every fuzz function for some seconds, from bytes that are nearly right: what `cargo fuzz` does
//! for as long as one likes.

use embassy_futures::block_on;
use landfall_core::config::{Config, Defaults, KnownNetwork, Mode, Security};
use landfall_core::net::{Mac, Ssid};
use proptest::prelude::*;
use std::vec;
use std::vec::Vec;

use super::boot::{FLASH_LEN, SECTOR_LEN};
use super::packets::discover;
use super::{dhcp_packet, dns_query, flash_contents, http_request};
use crate::runtime::FlashStorage;
use crate::store::nor::Nor;

/// Cases of each, a second or two.
const CASES: u32 = 8_000;
/// The same where a case is dear.
const BOOTS: u32 = 400;

const REQUESTS: [&[u8]; 6] = [
    b"GET / HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n",
    b"GET /api/status HTTP/1.1\r\nHost: 192.168.4.1\r\nConnection: keep-alive\r\n\r\n\
      GET /api/networks HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n",
    b"POST /api/wifi HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Type: application/json\r\n\
      Content-Length: 39\r\n\r\n{\"ssid\":\"Cafe\",\"password\":\"Password3\"}  ",
    b"POST /connect HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\
      Content-Length: 28\r\n\r\nssid=Cafe&password=Password3",
    b"DELETE /api/wifi HTTP/1.1\r\nHost: 10.0.0.2\r\nAuthorization: Basic YWRtaW46eA==\r\n\r\n",
    b"GET /api/events HTTP/1.1\r\nHost: 192.168.4.1\r\nLast-Event-ID: 7\r\n\r\n",
];

/// A question for an address, by DNS and by mDNS, and a reverse one with EDNS.
const QUERIES: [&[u8]; 3] = [
    b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x07connect\x07example\0\0\x01\0\x01",
    b"\0\0\0\0\0\x01\0\0\0\0\0\0\x0flandfall-56789a\x05local\0\0\x01\x80\x01",
    b"\x12\x34\x01\x20\0\x01\0\0\0\0\0\x01\x011\x014\x03168\x07in-addr\x04arpa\0\0\x0c\0\x01\0\0)\x04\xd0\0\0\0\0\0\0",
];

/// One of the texts, after a few cuts, copies and strange bytes.
fn mangled(texts: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        0_usize..24,
        prop_oneof![
            prop::sample::select(texts.clone()),
            prop::collection::vec(any::<u8>(), 0..6),
        ],
    );
    let changes = prop::collection::vec(change, 0..4);
    (prop::sample::select(texts), changes).prop_map(|(mut bytes, changes)| {
        for (at, cut, with) in changes {
            let at = at.index(bytes.len() + 1);
            let end = bytes.len().min(at + cut);
            bytes.splice(at..end, with);
        }
        bytes
    })
}

fn owned(texts: &[&[u8]]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.to_vec()).collect()
}

/// A phone that asks for an address, takes one, and gives it back.
fn dhcp_packets() -> Vec<Vec<u8>> {
    let phone = Mac([2, 0, 0, 0, 0, 1]);
    let mut packets = vec![discover(phone).to_vec()];
    for kind in [3, 4, 7, 8] {
        let mut packet = discover(phone).to_vec();
        packet.truncate(240);
        packet.extend([
            53, 1, kind, 50, 4, 192, 168, 4, 2, 54, 4, 192, 168, 4, 1, 255,
        ]);
        packets.push(packet);
    }
    packets
}

/// The flash of a device that was used.
fn used_flash(mode: Mode) -> Vec<u8> {
    block_on(async {
        let blank = Nor::<SECTOR_LEN, 4>::of(vec![0xff; FLASH_LEN]);
        let range = 0..FLASH_LEN as u32;
        let mut storage = FlashStorage::open(blank, range, Defaults::built_in())
            .await
            .unwrap();
        let mut config = Config::default();
        config.wifi.mode = mode;
        let home = Ssid::new(b"HomeNetwork").unwrap();
        let key = Security::from_password(b"Password2").unwrap();
        config
            .wifi
            .networks
            .push(KnownNetwork::new(home, key))
            .unwrap();
        storage.seed(&config).await.unwrap();
        storage.into_flash().bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn connections_hold(bytes in mangled(owned(&REQUESTS))) {
        http_request(&bytes);
    }

    #[test]
    fn name_servers_hold(bytes in mangled(owned(&QUERIES))) {
        dns_query(&bytes);
    }

    #[test]
    fn leases_hold(bytes in mangled(dhcp_packets())) {
        dhcp_packet(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(BOOTS))]

    #[test]
    fn a_flash_full_of_random_bytes_boots_into_a_reachable_device(
        bytes in prop::collection::vec(any::<u8>(), FLASH_LEN),
    ) {
        flash_contents(&bytes);
    }

    #[test]
    fn a_used_flash_with_holes_boots_into_a_reachable_device(
        mode in prop::sample::select(Mode::ALL.to_vec()),
        holes in prop::collection::vec(
            (0..FLASH_LEN, prop::collection::vec(any::<u8>(), 1..200)), 0..6),
    ) {
        let mut flash = used_flash(mode);
        for (at, bytes) in holes {
            let end = FLASH_LEN.min(at + bytes.len());
            flash[at..end].copy_from_slice(&bytes[..end - at]);
        }
        flash_contents(&flash);
    }
}

#[test]
fn what_is_nearly_right_is_right_unmangled() {
    REQUESTS.into_iter().for_each(http_request);
    QUERIES.into_iter().for_each(dns_query);
    for packet in dhcp_packets() {
        dhcp_packet(&packet);
    }
    for mode in Mode::ALL {
        flash_contents(&used_flash(mode));
    }
    flash_contents(&[]);
}
