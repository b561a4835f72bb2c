//! A whole configuration: stored, put in force, confirmed or not, and what a restart makes of it.

use futures_lite::future;
use landfall_core::event::Event;
use landfall_core::status::State;
use landfall_device::runtime::{Clock, Confirm, PutError, Restart};

use super::world::{HOME_KEY, TestStorage, run};
use super::{TestRunner, TestWifi, build, home, key, with_device};

/// One that joins home, with a config server.
const SERVING: &str = r#"{"schema":2,"known_networks":[{"ssid":"HomeNetwork","password":"Password2"}],
    "access_point":{},"config_server":{"enabled":true,"password":"micropython"}}"#;
/// One that joins nothing and has no access point.
const LOCKED_OUT: &str = r#"{"schema":2,"known_networks":[{"ssid":"Elsewhere","password":"Password2"}],
    "access_point":{"start_policy":"never"},"config_server":{"enabled":true,"password":"micropython"}}"#;

/// Lets so many milliseconds of the device's time pass.
async fn pass(wifi: &TestWifi, ms: u32) {
    let clock = wifi.shared().clock();
    clock.sleep_until(clock.now().plus_ms(ms)).await;
}

fn request(wifi: &TestWifi) {
    wifi.shared().with(|device| device.confirm_config());
}

/// The config server's password in force.
fn config_password(wifi: &TestWifi) -> Option<String> {
    let password = wifi
        .shared()
        .with(|device| device.services.config_server_password.clone());
    Some(password??.expose().to_owned())
}

/// What was told about configurations so far.
fn told(wifi: &TestWifi) -> Vec<&'static str> {
    let names = wifi.shared().with(|device| {
        let of_config = |event: &Event| {
            matches!(
                event,
                Event::ConfigApplied { .. } | Event::ConfigReverted { .. }
            )
        };
        let events = device.history().iter().map(|record| record.event);
        events.filter(of_config).map(|e| e.name()).collect()
    });
    names.unwrap_or_default()
}

fn known_home() -> (TestStorage, TestRunner, TestWifi) {
    let storage = TestStorage::knowing_home();
    let (runner, wifi) = build(&storage);
    (storage, runner, wifi)
}

#[test]
fn one_that_is_confirmed_stays() {
    let (storage, mut runner, wifi) = known_home();
    with_device(&mut runner, async {
        assert!(wifi.setup_network().await);
        wifi.put_config(SERVING.as_bytes(), Confirm::Request)
            .await
            .unwrap();
        assert!(wifi.sta_is_connected(), "the answer has time to go out");
        pass(&wifi, 1_000).await;
        assert!(wifi.sta_is_connected());
        assert!(storage.is_on_trial());
        request(&wifi);
        pass(&wifi, 120_000).await;
        assert!(!storage.is_on_trial() && wifi.sta_is_connected());
    });
    assert_eq!(told(&wifi), ["CONFIG_APPLIED"]);
    assert_eq!(config_password(&wifi).as_deref(), Some("micropython"));
}

#[test]
fn one_that_locks_out_comes_back() {
    let (storage, mut runner, wifi) = known_home();
    with_device(&mut runner, async {
        assert!(wifi.setup_network().await);
        wifi.put_config(LOCKED_OUT.as_bytes(), Confirm::Request)
            .await
            .unwrap();
        pass(&wifi, 59_000).await;
        assert_eq!(storage.names(), ["Elsewhere"]);
        assert_eq!((wifi.sta_ip(), wifi.ap_ip()), (None, None));
        pass(&wifi, 3_000).await;
        assert_eq!(storage.names(), ["HomeNetwork"]);
        assert_eq!(wifi.status().state, State::Connected);
    });
    assert_eq!(told(&wifi), ["CONFIG_APPLIED", "CONFIG_REVERTED"]);
    assert_eq!(config_password(&wifi), None);
}

#[test]
fn one_that_serves_and_is_asked_for_nothing_comes_back_and_a_put_file_stays() {
    for (confirm, stays) in [(Confirm::Request, false), (Confirm::Reach, true)] {
        let (storage, mut runner, wifi) = known_home();
        with_device(&mut runner, async {
            assert!(wifi.setup_network().await);
            let put = wifi.put_config(SERVING.as_bytes(), confirm).await;
            put.unwrap();
            pass(&wifi, 70_000).await;
        });
        assert!(!storage.is_on_trial());
        assert_eq!(config_password(&wifi).is_some(), stays);
    }
}

#[test]
fn a_restart_goes_on_with_the_trial() {
    let (storage, mut runner, wifi) = known_home();
    let clock = wifi.shared().clock();
    with_device(&mut runner, async {
        assert!(wifi.setup_network().await);
        let put = wifi.put_config(LOCKED_OUT.as_bytes(), Confirm::Request);
        put.await.unwrap();
    });
    run(clock, runner.restart(&mut |w| panic!("{w}"))).unwrap();
    with_device(&mut runner, async {
        assert_eq!(storage.names(), ["Elsewhere"]);
        pass(&wifi, 59_000).await;
        assert!(storage.is_on_trial());
        pass(&wifi, 2_000).await;
    });
    assert_eq!(storage.names(), ["HomeNetwork"]);
    assert_eq!(told(&wifi), ["CONFIG_REVERTED"]);
}

#[test]
fn what_is_changed_elsewhere_confirms_and_is_not_lost() {
    let (storage, mut runner, wifi) = known_home();
    with_device(&mut runner, async {
        assert!(wifi.setup_network().await);
        let put = wifi.put_config(LOCKED_OUT.as_bytes(), Confirm::Request);
        put.await.unwrap();
        pass(&wifi, 30_000).await;
        wifi.sta_connect(&home(), key(HOME_KEY)).await.unwrap();
        pass(&wifi, 60_000).await;
    });
    assert_eq!(storage.names(), ["HomeNetwork", "Elsewhere"]);
    assert_eq!(told(&wifi), ["CONFIG_APPLIED"]);
}

#[test]
fn a_reset_in_the_middle_lets_nothing_come_back() {
    let (storage, mut runner, wifi) = known_home();
    let clock = wifi.shared().clock();
    let asked = async {
        assert!(wifi.setup_network().await);
        let put = wifi.put_config(LOCKED_OUT.as_bytes(), Confirm::Request);
        put.await.unwrap();
        pass(&wifi, 1_000).await;
        // Elsewhere is looked for, and so a reset is refused as busy.
        while wifi.reset_credentials().await.is_err() {
            pass(&wifi, 1_000).await;
        }
        future::pending::<Restart>().await
    };
    run(clock, future::or(asked, runner.run()));
    run(clock, runner.restart(&mut |w| panic!("{w}"))).unwrap();
    with_device(&mut runner, pass(&wifi, 120_000));
    assert!(storage.names().is_empty());
    assert!(wifi.ap_ip().is_some());
    assert!(told(&wifi).is_empty());
}

#[test]
fn a_configuration_that_is_wrong_or_not_stored_changes_nothing() {
    let (storage, mut runner, wifi) = known_home();
    with_device(&mut runner, async {
        assert!(wifi.setup_network().await);
        let wrong = wifi.put_config(b"{}", Confirm::Request).await;
        assert!(matches!(wrong, Err(PutError::Invalid(_))), "{wrong:?}");
        storage.set_failing(true);
        let failed = wifi.put_config(SERVING.as_bytes(), Confirm::Request).await;
        assert_eq!(failed, Err(PutError::StoreFailed));
        storage.set_failing(false);
        pass(&wifi, 2_000).await;
        assert!(wifi.sta_is_connected() && !storage.is_on_trial());
    });
    assert!(told(&wifi).is_empty());
}

#[test]
fn it_is_refused_just_before_another_takes_force_and_commands_wait() {
    let (_, mut runner, wifi) = known_home();
    with_device(&mut runner, async {
        assert!(wifi.setup_network().await);
        let first = wifi.put_config(SERVING.as_bytes(), Confirm::Request).await;
        let second = wifi.put_config(SERVING.as_bytes(), Confirm::Request).await;
        assert_eq!((first, second), (Ok(()), Err(PutError::Busy)));
        // A command waits that half second, and is answered.
        assert!(wifi.sta_disconnect().await.is_ok());
    });
}

#[test]
fn a_trial_that_the_store_does_not_end_is_ended_later() {
    let (storage, mut runner, wifi) = known_home();
    with_device(&mut runner, async {
        assert!(wifi.setup_network().await);
        let put = wifi.put_config(LOCKED_OUT.as_bytes(), Confirm::Request);
        put.await.unwrap();
        pass(&wifi, 2_000).await;
        storage.set_failing(true);
        pass(&wifi, 90_000).await;
        assert!(storage.is_on_trial() && told(&wifi) == ["CONFIG_APPLIED"]);
        storage.set_failing(false);
        pass(&wifi, 10_000).await;
        assert!(wifi.sta_is_connected());
    });
    assert_eq!(told(&wifi), ["CONFIG_APPLIED", "CONFIG_REVERTED"]);
}

#[test]
fn what_is_loaded_is_in_force_at_once() {
    let (storage, mut runner, wifi) = known_home();
    with_device(&mut runner, async {
        assert!(wifi.setup_network().await);
        assert_eq!(wifi.load_config().await, Ok(()));
        assert!(wifi.sta_is_connected(), "nothing is new");
        storage.forget_networks();
        assert_eq!(wifi.load_config().await, Ok(()));
        assert!(!wifi.sta_is_connected());
    });
}
