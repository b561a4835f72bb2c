//! Client against the server of the access point, in virtual time, and the forms.

use std::net::Ipv4Addr;

use expect_test::{Expect, expect};
use landfall_core::net::{Hostname, Ipv4Net, Mac};
use landfall_core::time::Instant;
use landfall_device::dhcp::{REPLY_MAX, Server};

use super::client::Sent;
use super::frame::{Way, emit, parse};
use super::{Client, News};

const MAC: Mac = Mac([2, 0, 0, 0, 0, 9]);

/// A client, a server, and the time they are in.
struct World {
    client: Client,
    server: Server,
    now: Instant,
    log: String,
}

impl World {
    fn new(wish: Option<Ipv4Addr>) -> Self {
        let hostname = Hostname::new("landfall-000009").unwrap();
        let now = Instant::from_ms(1000);
        Self {
            client: Client::new(MAC, hostname, wish, 7, now),
            server: Server::new(Ipv4Net::AP_DEFAULT),
            now,
            log: String::new(),
        }
    }

    /// Lets that time pass, with or without the server.
    fn pass(&mut self, ms: u32, server: bool) {
        let end = self.now.plus_ms(ms);
        while self.client.poll_timeout() <= end {
            self.now = self.now.max(self.client.poll_timeout());
            let (news, sent) = self.client.handle_timeout(self.now);
            self.tell(news);
            if let Some(sent) = sent {
                self.say(&sent, server);
            }
        }
        self.now = end;
    }

    fn say(&mut self, sent: &Sent, server: bool) {
        let to = if sent.to.is_some() {
            " to its server"
        } else {
            ""
        };
        self.log += &format!("{} ms: {}{to}\n", self.now.as_ms(), kind(&sent.packet));
        let mut reply = [0; REPLY_MAX];
        let answered = self.server.handle(&sent.packet, self.now, &mut reply);
        if let Some(answer) = answered.filter(|_| server) {
            let news = self.client.handle(&reply[..answer.len], self.now);
            self.tell(news);
        }
    }

    fn tell(&mut self, news: Option<News>) {
        let said = match news {
            Some(News::Bound(lease)) => format!("bound {} by {}", lease.net, lease.server),
            Some(News::Lost) => "lost".to_owned(),
            None => return,
        };
        self.log += &format!("{} ms: {said}\n", self.now.as_ms());
    }

    fn check(&mut self, expected: Expect) {
        expected.assert_eq(&std::mem::take(&mut self.log));
    }
}

/// What a client says.
fn kind(packet: &[u8]) -> &'static str {
    let options = &packet[240..];
    match options {
        [53, 1, 1, ..] => "discover",
        [53, 1, 3, ..] => "request",
        _ => "something else",
    }
}

#[test]
fn an_address_is_lent_prolonged_and_lost() {
    let mut world = World::new(None);
    world.pass(100, true);
    world.check(expect![[r#"
        1000 ms: discover
        1000 ms: request
        1000 ms: bound 192.168.4.2/24 by 192.168.4.1
    "#]]);
    world.pass(60_000, true);
    world.check(expect![[r#"
        61000 ms: request to its server
        61000 ms: bound 192.168.4.2/24 by 192.168.4.1
    "#]]);
    world.pass(125_000, false);
    world.check(expect![[r#"
        121000 ms: request to its server
        181000 ms: lost
        181000 ms: discover
        182000 ms: discover
        184000 ms: discover
    "#]]);
}

#[test]
fn the_address_of_last_time_is_asked_for_first() {
    let mut world = World::new(Some(Ipv4Addr::new(192, 168, 4, 20)));
    world.pass(100, true);
    world.check(expect![[r#"
        1000 ms: request
        1000 ms: bound 192.168.4.20/24 by 192.168.4.1
    "#]]);
    let mut world = World::new(Some(Ipv4Addr::new(10, 0, 0, 9)));
    world.pass(100, true);
    world.check(expect![[r#"
        1000 ms: request
        1000 ms: discover
        1000 ms: request
        1000 ms: bound 192.168.4.2/24 by 192.168.4.1
    "#]]);
    let mut world = World::new(Some(Ipv4Addr::new(192, 168, 4, 20)));
    world.pass(1_500, false);
    world.check(expect![[r#"
        1000 ms: request
        2000 ms: discover
    "#]]);
}

#[test]
fn a_packet_goes_through_a_frame() {
    let frame = emit(MAC, Way::BROADCAST, b"packet");
    // A server's has the ports the other way round.
    assert_eq!(parse(&frame), None);
    assert_eq!(frame[..6], [0xff; 6]);
    let mut answer = frame.clone();
    answer.swap(34, 36);
    answer.swap(35, 37);
    assert_eq!(parse(&answer), Some((MAC, b"packet".as_slice())));
    for len in 0..answer.len() {
        assert_eq!(parse(&answer[..len]), None, "{len}");
    }
}

#[test]
fn what_is_no_answer_changes_nothing() {
    let mut world = World::new(None);
    let before = world.client.poll_timeout();
    for bytes in [&b""[..], &[0; 240], &[0xff; 300]] {
        assert_eq!(world.client.handle(bytes, world.now), None);
    }
    assert_eq!(world.client.poll_timeout(), before);
}
