//! Over real sockets: whoever is slow waits alone.

use core::net::{Ipv4Addr, SocketAddr};
use edge_nal::TcpBind;
use edge_nal_std::Stack;
use futures_lite::future::{block_on, or};
use futures_lite::io::{AsyncReadExt, AsyncWriteExt};
use landfall_core::event::Event;
use std::boxed::Box;
use std::net::TcpStream;
use std::string::String;
use std::vec::Vec;

use super::{Door, World};
use crate::http::{BUFFER_LEN, Server, Service, Shared, Side, Timer};

type Client = async_io::Async<TcpStream>;

/// Never runs out: a test that depends on it hangs, and fails.
struct Patient;

impl Timer for Patient {
    async fn sleep_ms(&self, _: u32) {
        core::future::pending().await
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

/// Runs `clients` against a server of `N` workers and `streams` streams.
fn with_server<const N: usize>(streams: u8, clients: impl AsyncFnOnce(SocketAddr)) {
    let world = World::new();
    world.happens(Event::StaStart);
    let shared = Shared::new(streams);
    let port = free_port();
    let server = Server {
        device: &world,
        timer: &Patient,
        shared: &shared,
        door: Door {
            service: Service::Portal,
            side: Side::Ap,
            port,
            loopback: true,
        },
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut buffers = Box::new([[0; BUFFER_LEN]; N]);
    block_on(or(
        async {
            let acceptor = Stack::new().bind(address).await.unwrap();
            server.serve(&acceptor, &mut buffers).await;
        },
        clients(address),
    ));
}

async fn connect(address: SocketAddr) -> Client {
    loop {
        // The listener may not be bound yet.
        match Client::connect(address).await {
            Ok(client) => return client,
            Err(_) => futures_lite::future::yield_now().await,
        }
    }
}

fn request(path: &str, address: SocketAddr) -> String {
    std::format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")
}

async fn ask(path: &str, address: SocketAddr) -> String {
    let mut client = connect(address).await;
    client
        .write_all(request(path, address).as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into()
}

#[test]
fn three_slow_clients_leave_the_fourth_worker_free() {
    with_server::<4>(1, async |address| {
        let mut slow = Vec::new();
        for _ in 0..3 {
            let mut client = connect(address).await;
            client.write_all(b"GET /api/sta").await.unwrap();
            slow.push(client);
        }
        for _ in 0..3 {
            let answer = ask("/api/status", address).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        }
        // The slow ones are still served when they come round to it.
        for mut client in slow {
            let rest = std::format!("tus HTTP/1.0\r\nHost: {address}\r\n\r\n");
            client.write_all(rest.as_bytes()).await.unwrap();
            let mut answer = String::new();
            client.read_to_string(&mut answer).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        }
    });
}

#[test]
fn one_stream_too_many_is_refused_until_another_ends() {
    with_server::<4>(1, async |address| {
        let mut stream = connect(address).await;
        stream
            .write_all(request("/api/events", address).as_bytes())
            .await
            .unwrap();
        let mut heard = String::new();
        while !heard.contains("\"event\":\"STA_START\"}\n\n") {
            let mut room = [0; 512];
            let n = stream.read(&mut room).await.unwrap();
            assert!(n > 0, "{heard}");
            heard += &String::from_utf8_lossy(&room[..n]);
        }
        assert!(!heard.contains("Content-Length"), "{heard}");
        let refused = ask("/api/events", address).await;
        assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
        drop(stream);
        // The server hears of it on its own time; a stream is free as soon as it did.
        loop {
            let mut stream = connect(address).await;
            stream
                .write_all(request("/api/events", address).as_bytes())
                .await
                .unwrap();
            let mut room = [0; 15];
            stream.read_exact(&mut room).await.unwrap();
            if &room == b"HTTP/1.1 200 OK" {
                break;
            }
        }
    });
}
