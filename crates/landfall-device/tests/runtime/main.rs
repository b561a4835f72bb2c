//! The runner and the handle, in a world where nothing takes time.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod configs;
mod improv;
mod world;

use std::cell::RefCell;
use std::future::Future;

use futures_lite::future;
use landfall_core::command::Refusal;
use landfall_core::config::Mode;
use landfall_core::event::Record;
use landfall_core::net::{Security, Ssid};
use landfall_core::radio::FailureClass;
use landfall_core::status::State;
use landfall_device::runtime::{
    BuildError, Builder, CallError, JoinError, LoadError, Restart, Runner, SaveError, Shared, Wifi,
};

use world::{HOME, HOME_KEY, MAC, TestClock, TestRadio, TestStorage, run};

type TestRunner = Runner<TestRadio, TestStorage, TestClock>;
type TestWifi = Wifi<TestClock>;

fn shared() -> &'static Shared<TestClock> {
    Box::leak(Box::new(Shared::new(TestClock::new())))
}

fn build_on(
    shared: &'static Shared<TestClock>,
    storage: &TestStorage,
) -> Result<TestRunner, BuildError> {
    let builder = Builder::new(MAC, [7; 16]).storage(storage.clone());
    future::block_on(builder.build(shared, TestRadio::default(), &mut |w| panic!("{w}")))
}

fn build(storage: &TestStorage) -> (TestRunner, TestWifi) {
    let runner = build_on(shared(), storage).unwrap();
    let wifi = runner.wifi();
    (runner, wifi)
}

/// Runs the device while the program does this.
fn with_device<T>(runner: &mut TestRunner, program: impl Future<Output = T>) -> T {
    let clock = runner.wifi().shared().clock();
    let device = async {
        let Restart = runner.run().await;
        panic!("it restarted");
    };
    run(clock, future::or(program, device))
}

fn home() -> Ssid {
    Ssid::new(HOME).unwrap()
}

fn key(text: &[u8]) -> Security {
    Security::from_password(text).unwrap()
}

#[test]
fn a_known_network_is_joined() {
    let (mut runner, wifi) = build(&TestStorage::knowing_home());
    assert!(with_device(&mut runner, wifi.setup_network()));
    assert_eq!(wifi.sta_ip(), Some([10, 0, 0, 2].into()));
    assert_eq!(wifi.status().state, State::Connected);
    assert_eq!(wifi.ap_ip(), None);
}

#[test]
fn without_a_known_network_the_access_point_comes_up() {
    let storage = TestStorage::default();
    let (mut runner, wifi) = build(&storage);
    assert!(!with_device(&mut runner, wifi.setup_network()));
    assert_eq!(wifi.ap_ip(), Some([192, 168, 4, 1].into()));
    assert_eq!(storage.secret().map(|secret| secret.len()), Some(12));
}

#[test]
fn credentials_have_a_verdict_and_only_good_ones_are_kept() {
    let storage = TestStorage::default();
    let (mut runner, wifi) = build(&storage);
    with_device(&mut runner, async {
        wifi.setup_network().await;
        let wrong = wifi.sta_connect(&home(), key(b"Passwort2")).await;
        assert_eq!(wrong, Err(JoinError::Failed(FailureClass::WrongPassword)));
        assert_eq!(wifi.verdict().await, wrong);
        assert!(storage.names().is_empty());
        let right = wifi.sta_connect(&home(), key(HOME_KEY)).await;
        assert_eq!(right, Ok([10, 0, 0, 2].into()));
        assert_eq!(storage.names(), ["HomeNetwork"]);
    });
}

#[test]
fn a_store_that_fails_is_told() {
    let storage = TestStorage::default();
    let (mut runner, wifi) = build(&storage);
    with_device(&mut runner, async {
        wifi.setup_network().await;
        storage.set_failing(true);
        let refused = wifi.sta_connect(&home(), key(HOME_KEY)).await;
        assert_eq!(refused, Err(JoinError::Refused(Refusal::SaveFailed)));
        assert_eq!(wifi.save_config().await, Err(SaveError::StoreFailed));
        assert_eq!(wifi.load_config().await, Err(LoadError::StoreFailed));
        storage.set_failing(false);
        assert_eq!(wifi.save_config().await, Ok(()));
    });
}

#[test]
fn nothing_hangs_where_no_runner_runs() {
    static BLANK: Shared<TestClock> = Shared::new(TestClock::new());
    let wifi = Wifi::of(&BLANK);
    let ssid = home();
    let call = wifi.sta_connect(&ssid, Security::Open);
    assert_eq!(
        run(BLANK.clock(), call),
        Err(JoinError::Call(CallError::NotRunning))
    );
    assert_eq!(wifi.status().state, State::Off);
    assert!(!run(BLANK.clock(), wifi.setup_network()));

    // Built, and never polled: the bound ends the call.
    let (runner, wifi) = build(&TestStorage::default());
    let clock = wifi.shared().clock();
    let call = wifi.sta_connect(&ssid, Security::Open);
    assert_eq!(run(clock, call), Err(JoinError::Call(CallError::TimedOut)));
    drop(runner);
    assert_eq!(
        run(clock, wifi.verdict()),
        Err(JoinError::Call(CallError::NotRunning))
    );
}

#[test]
fn a_dropped_call_is_withdrawn_and_its_place_comes_back() {
    let storage = TestStorage::default();
    let (mut runner, wifi) = build(&storage);
    let ssid = home();
    for _ in 0..100 {
        let call = Box::pin(wifi.sta_connect(&ssid, key(HOME_KEY)));
        assert!(future::block_on(future::poll_once(call)).is_none());
    }
    assert!(!with_device(&mut runner, wifi.setup_network()));
    assert!(storage.names().is_empty(), "nobody wants it any more");
}

#[test]
fn a_radio_carries_one_device() {
    let shared = shared();
    let first = build_on(shared, &TestStorage::default()).unwrap();
    let second = build_on(shared, &TestStorage::default());
    assert_eq!(second.err(), Some(BuildError::AlreadyBuilt));
    drop(first);
    assert!(build_on(shared, &TestStorage::default()).is_ok());
}

#[test]
fn a_super_loop_needs_no_executor() {
    let (mut runner, wifi) = build(&TestStorage::knowing_home());
    for _ in 0..100 {
        assert_eq!(runner.step(), None);
    }
    assert!(wifi.sta_is_connected());
}

#[test]
fn a_reset_restarts_without_networks() {
    let storage = TestStorage::knowing_home();
    let (mut runner, wifi) = build(&storage);
    let clock = wifi.shared().clock();
    with_device(&mut runner, wifi.setup_network());
    let asked = async {
        wifi.reset_credentials().await.unwrap();
        future::pending::<Restart>().await
    };
    run(clock, future::or(asked, runner.run()));
    run(clock, runner.restart(&mut |w| panic!("{w}"))).unwrap();
    assert!(!with_device(&mut runner, wifi.setup_network()));
    assert!(storage.names().is_empty() && wifi.ap_ip().is_some());
}

thread_local! {
    static HEARD: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

fn hear(record: &Record) {
    HEARD.with_borrow_mut(|heard| heard.push(record.event.name()));
}

#[test]
fn callbacks_hear_changes_and_subscribers_everything() {
    let (mut runner, wifi) = build(&TestStorage::knowing_home());
    let mut events = wifi.subscribe(32).unwrap();
    let id = wifi.on_connection_change(&hear).unwrap();
    assert_eq!(wifi.on_connection_change(&hear), Ok(id));
    assert!(wifi.subscribe(0).is_err());
    with_device(&mut runner, async {
        wifi.setup_network().await;
        wifi.set_mode(Mode::Off).await.unwrap();
        while wifi.sta_is_connected() {
            future::yield_now().await;
        }
    });
    wifi.remove(id);
    assert_eq!(HEARD.take(), ["connected", "disconnected"]);
    let names: Vec<_> = std::iter::from_fn(|| events.try_next())
        .map(|record| record.event.name())
        .collect();
    let expected = ["STA_START", "STA_CONNECTED", "STA_GOT_IP", "connected"];
    assert_eq!(names[..4], expected);
    assert_eq!(events.dropped(), 0);
}
