//! A name and a portal for one interface of this machine, as a device has them on each side:
//! found by `avahi-browse -rt _http._tcp`, until the input ends.
//!
//! `cargo run --example mdns -- 192.168.1.20/24 landfall-56789a`

use std::env::args;
use std::error::Error;

use async_io::block_on;
use blocking::unblock;
use landfall::HostClock;
use landfall::net::{Hostname, Ipv4Net};
use landfall_device::host::bind_mdns;
use landfall_device::mdns::{self, Host};

fn main() -> Result<(), Box<dyn Error>> {
    let (Some(net), Some(hostname)) = (args().nth(1), args().nth(2)) else {
        println!("usage: mdns ADDRESS/PREFIX HOSTNAME");
        return Ok(());
    };
    let host = Host {
        hostname: Hostname::new(&hostname).ok_or("a host name of a-z0-9-")?,
        net: Ipv4Net::parse(&net).ok_or("an address like 192.168.1.20/24")?,
        port: 80,
    };
    let mut socket = bind_mdns(host.net.addr)?;
    println!("{hostname}.local is {}", host.net.addr);
    let input_ends = async {
        let _ = unblock(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await;
    };
    block_on(mdns::run(&mut socket, host, &HostClock::new(), input_ends))?;
    println!("gone");
    Ok(())
}
