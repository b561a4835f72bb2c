//! Sockets and addresses between two stacks of embassy-net, the device's and a neighbour's.

mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use edge_nal::{Close, TcpAccept, TcpConnect, TcpShutdown};
use embassy_futures::join::join;
use embassy_futures::select::{Either, Either3, select, select3};
use embassy_net::{Config, Stack, StackResources};
use embedded_io_async::{Read, Write};
use landfall_core::net::{Hostname, Ipv4Net};
use landfall_core::radio::RadioEvent;
use landfall_core::time::Instant;
use landfall_device::{dhcp, dns};
use landfall_embassy::address::{Lease, set_address};
use landfall_embassy::doors::{LeasesRoom, NamesRoom};
use landfall_embassy::net::Outward;
use landfall_embassy::tcp::{self, Sockets, TcpError};
use landfall_embassy::udp;
use wire::wire;

/// Time for everything: what takes longer hangs.
const AT_MOST: Duration = Duration::from_secs(60);
const DEVICE: Ipv4Net = Ipv4Net {
    addr: Ipv4Addr::new(192, 168, 4, 1),
    prefix: 24,
};
const NEIGHBOUR: Ipv4Net = Ipv4Net {
    addr: Ipv4Addr::new(192, 168, 4, 7),
    prefix: 24,
};
const PORT: u16 = 80;
const AT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(DEVICE.addr), PORT);

/// Lets two stacks run, without addresses, while that goes on.
fn check(with: impl AsyncFnOnce(Stack<'_>, Stack<'_>)) {
    let (card, other_card) = wire();
    let (mut room, mut other_room) = (StackResources::<8>::new(), StackResources::<8>::new());
    let (device, mut runner) = embassy_net::new(card, Config::default(), &mut room, 1);
    let (neighbour, mut other) =
        embassy_net::new(other_card, Config::default(), &mut other_room, 2);
    async_io::block_on(async {
        let late = async_io::Timer::after(AT_MOST);
        let carried = join(runner.run(), other.run());
        match select3(with(device, neighbour), carried, late).await {
            Either3::First(()) => {}
            Either3::Second(_) => unreachable!("a stack runs on"),
            Either3::Third(_) => panic!("it hangs"),
        }
    });
}

/// The same with addresses.
fn check_addressed(with: impl AsyncFnOnce(Stack<'_>, Stack<'_>)) {
    check(async |device, neighbour| {
        set_address(device, Some(DEVICE));
        set_address(neighbour, Some(NEIGHBOUR));
        join(device.wait_config_up(), neighbour.wait_config_up()).await;
        with(device, neighbour).await;
    });
}

#[test]
fn a_connection_has_the_address_of_its_peer_and_carries_bytes_both_ways() {
    check_addressed(async |device, neighbour| {
        let (mut room, mut other_room) = (tcp::Room::<1>::new(), tcp::Room::<1>::new());
        let sockets = Sockets::new(device, &mut room);
        let outward = Outward::new(neighbour, &mut other_room);
        let listener = sockets.listen(PORT);
        let serve = async {
            let (peer, mut connection) = listener.accept().await?;
            let mut asked = [0; 3];
            connection.read_exact(&mut asked).await.expect("three");
            connection.write_all(&asked).await?;
            connection.close(Close::Write).await?;
            Ok::<_, TcpError>(peer)
        };
        let ask = async {
            let mut connection = outward.connect(AT).await?;
            connection.write_all(b"abc").await?;
            let mut answer = [0; 8];
            connection
                .read_exact(&mut answer[..3])
                .await
                .expect("three");
            // And the end of it.
            assert_eq!(connection.read(&mut answer[3..]).await?, 0);
            Ok::<_, TcpError>(answer)
        };
        let (peer, answer) = join(serve, ask).await;
        assert_eq!(peer.expect("served").ip(), NEIGHBOUR.addr);
        assert_eq!(&answer.expect("answered")[..3], b"abc");
    });
}

#[test]
fn a_socket_is_free_again_whatever_became_of_its_connection() {
    check_addressed(async |device, neighbour| {
        let (mut room, mut other_room) = (tcp::Room::<1>::new(), tcp::Room::<1>::new());
        let sockets = Sockets::new(device, &mut room);
        let outward = Outward::new(neighbour, &mut other_room);
        let listener = sockets.listen(PORT);
        // Somebody who waits in vain holds the only socket, and no longer than he waits.
        let in_vain = select(listener.accept(), listener.accept()).await;
        assert!(matches!(in_vain, Either::Second(Err(TcpError::NoneFree))));
        for _ in 0..3 {
            let (accepted, connected) = join(listener.accept(), outward.connect(AT)).await;
            let (_, mut connection) = accepted.expect("taken");
            let mut other = connected.expect("let in");
            other.write_all(b"bye").await.expect("sent");
            let mut heard = [0; 3];
            connection.read_exact(&mut heard).await.expect("heard");
        }
    });
}

#[test]
fn a_port_that_is_closed_lets_nobody_in() {
    check_addressed(async |device, neighbour| {
        let (mut room, mut other_room) = (tcp::Room::<1>::new(), tcp::Room::<1>::new());
        let sockets = Sockets::new(device, &mut room);
        let outward = Outward::new(neighbour, &mut other_room);
        let listener = sockets.listen(PORT);
        assert!(embassy_futures::poll_once(listener.accept()).is_pending());
        assert!(matches!(
            outward.connect(AT).await,
            Err(TcpError::Connect(_))
        ));
    });
}

#[test]
fn a_lease_is_told_when_it_comes_and_not_when_it_ends_with_the_link() {
    check(async |device, neighbour| {
        set_address(neighbour, Some(DEVICE));
        let mut room = LeasesRoom::new();
        let socket = udp::Socket::new(neighbour, &mut room);
        let mut socket = socket.bind(dhcp::SERVER_PORT).expect("a port");
        let mut server = dhcp::Server::new(DEVICE);
        let lending = dhcp::run(&mut socket, &mut server, || Instant::BOOT, |_, _| ());
        let mut lease = Lease::new(device);
        let name = Hostname::new("landfall-56789a").expect("a name");
        lease.begin(&name);
        let leased = match select(lease.next(), lending).await {
            Either::First(RadioEvent::Address(net)) => net,
            Either::First(other) => panic!("{other:?}"),
            Either::Second(error) => panic!("{error}"),
        };
        assert!(DEVICE.contains(leased.addr) && leased.addr != DEVICE.addr);
        assert_eq!(lease.address(), Some(leased));
        lease.end();
        assert_eq!(lease.address(), None);
    });
}

#[test]
fn a_name_is_asked_for_over_datagrams() {
    check_addressed(async |device, neighbour| {
        let (mut room, mut other_room) = (NamesRoom::new(), NamesRoom::new());
        let socket = udp::Socket::new(device, &mut room);
        let mut open = socket.bind(dns::PORT).expect("a port");
        assert!(socket.bind(dns::PORT).is_err(), "it is open already");
        let asking = udp::Socket::new(neighbour, &mut other_room);
        let mut asking = asking.bind(4711).expect("a port");
        let query = b"\x12\x34\x01\x00\0\x01\0\0\0\0\0\0\x01a\0\0\x01\0\x01";
        let ask = async {
            let to = SocketAddr::from((DEVICE.addr, dns::PORT));
            edge_nal::UdpSend::send(&mut asking, to, query)
                .await
                .expect("sent");
            let mut reply = [0; 128];
            let received = edge_nal::UdpReceive::receive(&mut asking, &mut reply).await;
            let (len, from) = received.expect("a reply");
            assert_eq!(from, to);
            assert!(reply[..len].ends_with(&DEVICE.addr.octets()));
        };
        match select(ask, dns::run(&mut open, DEVICE.addr)).await {
            Either::First(()) => {}
            Either::Second(error) => panic!("{error}"),
        }
    });
}
