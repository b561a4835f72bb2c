//! The device over HTTP and DNS as its users meet it: a running `landfall sim`, asked over real
//! sockets. Every answer is held to the rules for all of them ([`client::Answer`]); the tables here
//! say what each request gets.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod api;
mod captive;
mod client;
mod config;
mod dns;
mod hold;
mod networks;
mod scan;
mod script;
mod security;
mod sim;
mod stream;
mod wifi;
mod wire;
