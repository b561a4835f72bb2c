//! The config server of a running device: who may, what it tells, what it takes, and what comes back.

use std::time::{Duration, Instant};

use expect_test::expect;
use serde_json::{Value, json};

use crate::client::Answer;
use crate::sim::{Ap, Config, Sim, Sta, pass};

/// The bound of everything a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

fn config() -> Value {
    json!({
        "schema": 2,
        "known_networks": [{"ssid": "HomeNetwork", "password": "Password2", "mine": {"a": 1}}],
        "access_point": {"start_policy": "always"},
        "config_server": {"enabled": true, "password": "pass:word"},
        "webrepl": {"password": "another-secret"},
        "yours": [1, null],
    })
}

/// Asks as the owner.
fn owner(sim: &Sim, line: &str) -> Option<Answer> {
    let (method, rest) = line.split_once(' ').unwrap();
    let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
    let basic = Sim::basic("admin", "pass:word");
    sim.try_ask(Config, &format!("{method} {path} [{basic}] {body}"))
}

fn post(sim: &Sim, config: &Value) -> (u16, String) {
    let answer = owner(sim, &format!("POST /config {config}")).expect("the door is open");
    (answer.code, answer.text().to_owned())
}

/// Waits until this gives something.
fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let ends = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < ends, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A device that is connected and serves its configuration.
fn serving() -> Sim {
    Sim::at_home(&config())
}

/// The names of the networks known, asked of the config server; none while that is closed.
fn names(sim: &Sim) -> Option<Vec<String>> {
    let config = owner(sim, "GET /config")?.json();
    let networks = config["known_networks"].as_array()?.iter();
    Some(
        networks
            .map(|n| n["ssid"].as_str().unwrap().to_owned())
            .collect(),
    )
}

/// Names of the events kept, by the first bytes of the event stream.
fn events(sim: &Sim) -> String {
    use std::io::Read;
    let mut text = String::new();
    let Some(mut stream) = sim.connect(Ap) else {
        return text;
    };
    let request = sim.request(Ap, "GET /api/events");
    std::io::Write::write_all(&mut stream, &request).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        text += &String::from_utf8_lossy(&buffer[..n]);
    }
    text
}

#[test]
fn only_the_owner_is_let_in() {
    let sim = serving();
    let wrong = Sim::basic("admin", "pass:worD");
    let right = Sim::basic("admin", "pass:word");
    let user = Sim::basic("Admin", "pass:word");
    let script = format!(
        "GET /config\nGET /config [{user}]\nPOST /config [{wrong}] {{}}\nGET /nothing [{right}]\n\
         PUT /config [{right}] {{}}\nGET /config [{right}; Host: evil.example]\n\
         POST /config [{right}; Origin: http://evil.example] {{}}"
    );
    let told = sim.play(Config, &script).replace(&right, "right");
    let told = told.replace(&wrong, "wrong").replace(&user, "other");
    expect![[r#"
        GET /config
            401 | WWW-Authenticate: Basic realm="WiFi Config"
            Authentication required
        GET /config [other]
            401 | WWW-Authenticate: Basic realm="WiFi Config"
            Invalid credentials
        POST /config [wrong] {}
            401 | WWW-Authenticate: Basic realm="WiFi Config"
            Invalid credentials
        GET /nothing [right]
            404
            Not found
        PUT /config [right] {}
            405 | Allow: GET, HEAD, POST
            Method not allowed
        GET /config [right; Host: evil.example]
            421
            Not a name of this device
        POST /config [right; Origin: http://evil.example] {}
            403
            Origin: not a page of this device
    "#]]
    .assert_eq(&told);
}

#[test]
fn five_wrong_passwords_shut_every_door_of_the_device() {
    let sim = serving();
    let wrong = Sim::basic("admin", "nobody's");
    // On either port they count alike.
    for (door, line) in [(Config, "GET /config"), (Sta, "POST /api/mode")] {
        sim.ask(door, &format!("{line} [{wrong}]"));
    }
    for _ in 0..3 {
        sim.ask(Config, &format!("GET / [{wrong}]"));
    }
    let answer = owner(&sim, "GET /config").unwrap();
    assert_eq!(answer.code, 429);
    let wait: u64 = answer.field("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    pass(wait * 1000 + 1000);
    assert_eq!(owner(&sim, "GET /config").unwrap().code, 200);
}

#[test]
fn the_configuration_is_told_without_secrets_and_with_what_is_unknown() {
    let sim = serving();
    let told = owner(&sim, "GET /config").unwrap();
    let text = told.text();
    for secret in ["Password2", "pass:word", "another-secret"] {
        assert!(!text.contains(secret), "{text}");
    }
    let told = told.json();
    assert_eq!(told["known_networks"][0]["password"], "********");
    assert_eq!(told["known_networks"][0]["mine"], json!({"a": 1}));
    assert_eq!(told["yours"], json!([1, null]));
    // What was told can be sent back as it is.
    let (code, words) = post(&sim, &told);
    assert_eq!(
        (code, words.as_str()),
        (200, "Configuration updated successfully")
    );
    until("it is in force", || {
        events(&sim).contains("CONFIG_APPLIED").then_some(())
    });
    sim.until("it is back with the secrets it had", |status| {
        status["state"] == "CONNECTED"
    });
    let again = until("the server is back", || owner(&sim, "GET /config"));
    assert_eq!(again.json(), told);
}

#[test]
fn what_is_wrong_is_refused_and_changes_nothing() {
    let sim = serving();
    let before = owner(&sim, "GET /config").unwrap().json();
    let right = Sim::basic("admin", "pass:word");
    let script = [
        "",
        r#"{"schema":2,]"#,
        r#"{"schema":3,"known_networks":[],"access_point":{}}"#,
        r#"{"schema":2,"known_networks":[{"ssid":"a","password":"1234567"}],"access_point":{}}"#,
        r#"{"schema":2,"known_networks":[{"ssid":"a","password":"********"}],"access_point":{}}"#,
        r#"{"schema":2,"known_networks":[],"access_point":{"config":{"password":"short"}}}"#,
        r#"{"schema":2,"known_networks":[],"access_point":{},"station":{"max_retry":0}}"#,
    ]
    .map(|body| format!("POST /config [{right}] {body}"))
    .join("\n");
    let told = sim.play(Config, &script).replace(&right, "right");
    expect![[r#"
        POST /config [right]
            400
            No request body
        POST /config [right] {"schema":2,]
            400
            Invalid JSON: line 1 column 13: expected a name in double quotes
        POST /config [right] {"schema":3,"known_networks":[],"access_point":{}}
            400
            Invalid config: schema: expected 2
        POST /config [right] {"schema":2,"known_networks":[{"ssid":"a","password":"1234567"}],"access_point":{}}
            400
            Invalid config: known_networks[0].password: expected 8 to 63 printable ASCII characters, 64 hex digits, or "" for open
        POST /config [right] {"schema":2,"known_networks":[{"ssid":"a","password":"********"}],"access_point":{}}
            400
            Invalid config: known_networks[0].password: masked, but no secret is stored for it
        POST /config [right] {"schema":2,"known_networks":[],"access_point":{"config":{"password":"short"}}}
            400
            Invalid config: access_point.config.password: expected 8 to 63 printable ASCII characters, or "" for open
        POST /config [right] {"schema":2,"known_networks":[],"access_point":{},"station":{"max_retry":0}}
            400
            Invalid config: station.max_retry: expected a whole number from 1 to 50
    "#]].assert_eq(&told);
    assert_eq!(owner(&sim, "GET /config").unwrap().json(), before);
    assert_eq!(sim.status()["state"], "CONNECTED");
    assert!(!events(&sim).contains("CONFIG_"));
}

#[test]
fn a_new_configuration_moves_the_network_and_stays_when_it_is_asked_for() {
    let mut sim = serving();
    let mut new = config();
    new["known_networks"] = json!([{"ssid": "CafeFree"}]);
    new["config_server"]["password"] = json!("********");
    assert_eq!(post(&sim, &new).0, 200);
    until("it joins the other network", || {
        let status = sim.try_ask(Sta, "GET /api/status")?.json();
        (status["ssid"] == "CafeFree").then_some(())
    });
    until("it is asked with the new one", || {
        (names(&sim)? == ["CafeFree"]).then_some(())
    });
    pass(120_000);
    assert_eq!(names(&sim).unwrap(), ["CafeFree"]);
    let told = events(&sim);
    assert!(
        told.contains("CONFIG_APPLIED") && !told.contains("CONFIG_REVERTED"),
        "{told}"
    );
    sim.reboot();
    sim.until("it comes back there", |status| status["ssid"] == "CafeFree");
}

#[test]
fn one_that_locks_out_comes_back_through_a_reboot_too() {
    for reboots in [false, true] {
        let mut sim = serving();
        let mut new = config();
        new["known_networks"] = json!([{"ssid": "Nowhere", "password": "Password2"}]);
        new["access_point"]["start_policy"] = json!("never");
        assert_eq!(post(&sim, &new).0, 200);
        until("every door is closed", || {
            let closed = [Ap, Sta, Config].map(|door| sim.connect(door).is_none());
            (closed == [true; 3]).then_some(())
        });
        if reboots {
            sim.reboot();
            pass(5_000);
            assert!(sim.connect(Config).is_none(), "its time begins anew");
        }
        sim.until("it is back", |status| status["ssid"] == "HomeNetwork");
        assert_eq!(until("it serves", || names(&sim)), ["HomeNetwork"]);
        let told = events(&sim);
        assert!(
            told.contains(r#""event":"CONFIG_REVERTED","version":0,"class":null"#),
            "{told}"
        );
    }
}

#[test]
fn one_that_nobody_asks_for_comes_back_though_it_is_connected() {
    let sim = serving();
    let mut new = config();
    new["hostname"] = json!("renamed");
    assert_eq!(post(&sim, &new).0, 200);
    let hostname = |name: &str| {
        until("the name changes", || {
            let status = sim.try_ask(Ap, "GET /api/status")?.json();
            (status["hostname"] == name).then_some(())
        });
    };
    hostname("renamed");
    hostname("landfall-56789a");
    assert!(events(&sim).contains("CONFIG_REVERTED"));
}

#[test]
fn the_server_follows_the_configuration() {
    let sim = serving();
    let mut new = config();
    new["config_server"] = json!({"enabled": false, "password": "pass:word"});
    assert_eq!(post(&sim, &new).0, 200);
    until("it is switched off", || {
        sim.connect(Config).is_none().then_some(())
    });
    // It is confirmed by the access point alone, and stays so.
    pass(120_000);
    assert!(sim.connect(Config).is_none());
    assert!(!events(&sim).contains("CONFIG_REVERTED"));
    // Its password is still the owner's on the other port.
    let right = Sim::basic("admin", "pass:word");
    let answer = sim.ask(
        Sta,
        &format!("POST /api/mode [{right}] {{\"mode\":\"sta_ap\"}}"),
    );
    assert_eq!(answer.code, 200);
}

#[test]
fn a_flash_that_fails_is_told_and_nothing_changes() {
    let sim = serving();
    sim.air(&["flash", "fail"]);
    let mut new = config();
    new["known_networks"] = json!([]);
    let (code, words) = post(&sim, &new);
    assert_eq!(code, 500);
    assert!(words.starts_with("Failed to save config: "), "{words}");
    sim.air(&["flash", "ok"]);
    assert_eq!(names(&sim).unwrap(), ["HomeNetwork"]);
    assert_eq!(sim.status()["state"], "CONNECTED");
    assert_eq!(post(&sim, &config()).0, 200);
}

#[test]
fn eight_kibibytes_are_a_body_and_more_is_not() {
    let sim = serving();
    let text = config().to_string();
    let right = Sim::basic("admin", "pass:word");
    let padded = |len: usize| format!("{text}{}", " ".repeat(len - text.len()));
    let ask = |len| sim.ask(Config, &format!("POST /config [{right}] {}", padded(len)));
    assert_eq!(ask(8193).code, 413);
    assert_eq!(ask(8192).code, 200);
}
