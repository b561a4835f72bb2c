//! A program that is nothing but the core, for `cargo xtask size` to take its size.
//!
//! It never runs. It names everything that a device calls, so that the linker keeps all of that
//! and drops the rest.
#![no_std]
#![no_main]

use core::fmt::Display;
use core::hint::black_box;
use core::panic::PanicInfo;

use landfall_core::bus::{Callbacks, Subscription};
use landfall_core::button::Button;
use landfall_core::config::stored::{Head, Stored, encode_networks, encode_settings};
use landfall_core::config::{
    self, ConfigJson, ConfigRef, Defaults, Extra, Identity, Invalid, SaveError, Secret, Warning,
};
use landfall_core::console::{Cids, Console};
use landfall_core::event::{Event, History};
use landfall_core::event_text::{EventJson, EventRow};
use landfall_core::improv::{self, REQUEST_MAX, Reader};
use landfall_core::json::{self, JsonBytes, SyntaxError, Value};
use landfall_core::led::{Blinker, Patterns};
use landfall_core::manager::Manager;
use landfall_core::net::Hostname;
use landfall_core::qr::{Code, Row, WifiText};
use landfall_core::safe_mode::CrashLog;

/// Read out of the program by `cargo xtask size`.
#[unsafe(no_mangle)]
static LANDFALL_MANAGER_SIZE: u32 = size_of::<Manager>() as u32;

/// The same of what a `Manager` holds by reference for as long as the device runs.
#[unsafe(no_mangle)]
static LANDFALL_IDENTITY_SIZE: u32 = size_of::<Identity>() as u32;

/// Where a program begins that no chip starts.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    black_box((&LANDFALL_MANAGER_SIZE, &LANDFALL_IDENTITY_SIZE));
    machine();
    console();
    improv();
    configuration();
    text_and_events();
    board();
    loop {}
}

/// Keeps functions by their addresses alone: what is called with known arguments would be
/// measured for them only.
macro_rules! keep {
    ($($function:expr),* $(,)?) => { $( black_box($function as *const ()); )* };
}

fn machine() {
    keep!(
        Manager::new,
        Manager::handle,
        Manager::poll_output,
        Manager::takes_commands,
        Manager::is_busy,
        Manager::is_paused,
        Manager::is_proving,
        Manager::state,
        Manager::status,
        Manager::wifi,
        Manager::known,
        Manager::identity,
        Manager::record,
        Manager::join_target,
        Manager::ap_key,
        Manager::ap_target,
        Manager::scan_rows,
        Manager::scan_age_ms,
        Identity::ap_ssid,
    );
}

fn console() {
    keep!(
        Console::new,
        Console::greet,
        Console::wants_input,
        Console::handle_bytes,
        Console::handle_output,
        Console::handle_long_press,
        Console::poll,
        Console::dropped,
        Cids::allocate,
    );
}

fn improv() {
    keep!(
        Reader::<REQUEST_MAX>::new,
        Reader::<REQUEST_MAX>::handle_byte,
        Reader::<REQUEST_MAX>::handle_silence,
        Reader::<REQUEST_MAX>::awaits_silence,
        improv::Request::read,
        improv::Answer::state,
        improv::Answer::error,
        improv::Answer::result,
    );
}

fn configuration() {
    keep!(
        Defaults::built_in,
        Defaults::config,
        config::load,
        config::parse_strict,
        config::parse_network,
        ConfigRef::json,
        <ConfigJson<'_> as Display>::fmt,
        <Warning<'_> as Display>::fmt,
        <SaveError as Display>::fmt,
        <Invalid as Display>::fmt,
        Extra::forget_networks,
        Secret::<{ config::DOOR_PASSWORD_MAX }>::decode,
        config::ssid_of,
        Hostname::of,
        encode_networks,
        encode_settings,
        Stored::new,
        Stored::read_networks,
        Stored::read_settings,
        Head::encode,
        Head::decode,
    );
}

fn text_and_events() {
    keep!(
        json::parse,
        <SyntaxError as Display>::fmt,
        <Value<'_> as Display>::fmt,
        <JsonBytes<'_> as Display>::fmt,
        <EventRow<'_> as Display>::fmt,
        <EventJson<'_> as Display>::fmt,
        WifiText::new,
        Code::new,
        Code::is_dark,
        Code::row,
        <Row<'_> as Display>::fmt,
        History::push,
        Subscription::new,
        Subscription::poll,
        Subscription::dropped,
        Callbacks::<fn(&Event), 8>::add,
        Callbacks::<fn(&Event), 8>::remove,
        Callbacks::<fn(&Event), 8>::after,
    );
}

fn board() {
    keep!(
        Button::handle,
        Button::handle_timeout,
        Button::poll_timeout,
        Patterns::of,
        Blinker::show,
        Blinker::is_on,
        Blinker::next_edge,
        CrashLog::from_bytes,
        CrashLog::to_bytes,
        CrashLog::note_start,
    );
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}
