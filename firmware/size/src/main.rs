//! A program that is nothing but the core, for `cargo xtask size` to take its size.
//!
//! It never runs. It names everything that a device calls, so that the linker keeps all of that
//! and drops the rest: the machine with what it stores always, the doors by feature.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use landfall_core::bus::{Callbacks, Subscription};
use landfall_core::button::Button;
use landfall_core::config::stored::{Head, Stored, encode_networks, encode_settings};
use landfall_core::config::{self, Defaults, Extra, Identity, Secret};
use landfall_core::event::{Event, History};
use landfall_core::led::{Blinker, Patterns};
use landfall_core::manager::Manager;
use landfall_core::net::Hostname;
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
    stored();
    events();
    board();
    #[cfg(feature = "console")]
    console();
    #[cfg(feature = "documents")]
    documents();
    #[cfg(feature = "improv")]
    improv();
    #[cfg(feature = "fleet")]
    fleet();
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

fn stored() {
    keep!(
        Defaults::built_in,
        Defaults::config,
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

fn events() {
    keep!(
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

/// The serial console with all its commands, the QR code among them.
#[cfg(feature = "console")]
fn console() {
    use core::fmt::Display;
    use landfall_core::console::{Cids, Console};
    use landfall_core::event_text::EventRow;
    use landfall_core::qr::{Code, Row, WifiText};

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
        <EventRow<'_> as Display>::fmt,
        WifiText::new,
        Code::new,
        Code::is_dark,
        Code::row,
        <Row<'_> as Display>::fmt,
    );
}

/// What config server, API, WebREPL and a configuration's file ask for: whole configurations in and
/// out, put in force, and back.
#[cfg(feature = "documents")]
fn documents() {
    use core::fmt::Display;
    use landfall_core::config::{ConfigJson, ConfigRef, Invalid, SaveError, Warning};
    use landfall_core::event_text::EventJson;
    use landfall_core::json::{self, JsonBytes, SyntaxError, Value};
    use landfall_core::trial::Trial;

    keep!(
        config::load,
        config::parse_strict,
        config::parse_network,
        ConfigRef::json,
        <ConfigJson<'_> as Display>::fmt,
        <Warning<'_> as Display>::fmt,
        <SaveError as Display>::fmt,
        <Invalid as Display>::fmt,
        json::parse,
        <SyntaxError as Display>::fmt,
        <Value<'_> as Display>::fmt,
        <JsonBytes<'_> as Display>::fmt,
        <EventJson<'_> as Display>::fmt,
        Manager::takes_config,
        Manager::handle_config,
        Trial::resumed,
        Trial::stored,
        Trial::applied,
        Trial::requested,
        Trial::poll,
        Trial::ended,
    );
}

#[cfg(feature = "improv")]
fn improv() {
    use landfall_core::improv::{self, REQUEST_MAX, Reader};

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

#[cfg(feature = "fleet")]
fn fleet() {
    use landfall_core::agent::{self, Agent, Answer};

    keep!(
        Agent::new,
        Agent::handle,
        Agent::poll_output,
        Agent::standing,
        Agent::is_on_trial,
        agent::read_answer,
    );
    let answer: Option<Answer<'_>> = agent::read_answer(black_box(b""));
    if let Some(answer) = answer {
        black_box(answer.marks().count());
        black_box(answer.configuration.map(|new| new.networks().count()));
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}
