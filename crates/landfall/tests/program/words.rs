//! The words of the program: what they print, and the status they end with.

use crate::host::{HOME, LANDFALL, Sim, run, status, text};

/// A word that fails says so on one line of stderr, which contains this.
fn check_failure(words: &[&str], expected: &str) {
    let out = run(words);
    let told = text(&out.stderr);
    assert_eq!(status(&out), 1, "{words:?}: {told}");
    assert!(
        told.lines().count() == 1 && told.contains(expected),
        "{words:?}: {told}"
    );
    assert!(out.stdout.is_empty(), "{words:?}");
}

#[test]
fn failures_are_told_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("air.toml").display().to_string();
    for (air, place) in [
        ("seed = 1\nfoo = 2\n", ":2:1: unknown field `foo`"),
        (
            "[[ap]]\nssid = \"x\"\nrsi = 3\n",
            ":3:1: unknown field `rsi`",
        ),
        ("speed = 200\n", ":1:9: 200 is out of bounds"),
        (
            "[[at]]\nms = 1\nap = \"x\"\non = false\n",
            ":3:6: no access point has the name",
        ),
        ("[flash]\nfoo = 1\n", ":2:1: unknown field `foo`"),
    ] {
        std::fs::write(&path, air).unwrap();
        check_failure(&["sim", "--air", &path], &format!("{path}{place}"));
    }
    std::fs::write(&path, HOME).unwrap();
    check_failure(&["sim", "--air", "/nope"], "/nope: No such file");
    check_failure(
        &["sim", "--air", &path, "--config", "/nope"],
        "/nope: No such file",
    );
    check_failure(
        &["sim", "--air", &path, "--data", "/proc/nope"],
        "take another folder",
    );
    check_failure(
        &["sim", "--air", &path, "--port-base", "65535"],
        "choose another --port-base",
    );
    check_failure(&["air", "/nope", "list"], "/nope: No such file");
    check_failure(&["console", "/nope"], "/nope: No such file");
    check_failure(&["qr", "cafe", "short"], "password");
}

#[test]
fn wrong_usage_ends_with_2() {
    for words in [
        &["nope"][..],
        &["sim"],
        &["sim", "--air", "x", "--mac", "y"],
        &["sim", "--air", "x", "--reset-config"],
        &["air", "/nope", "fly"],
        &["air", "/nope", "ap", "home", "rssi", "loud"],
        &["completions", "cmd"],
    ] {
        let out = run(words);
        assert_eq!(status(&out), 2, "{words:?}");
        assert!(out.stdout.is_empty() && !out.stderr.is_empty(), "{words:?}");
    }
    let told = text(&run(&["air", "/nope", "fly"]).stderr);
    assert!(
        told.contains("Usage: landfall air [OPTIONS] <SOCKET> <COMMAND>..."),
        "{told}"
    );
}

#[test]
fn codes_and_completions_go_to_stdout() {
    let printed = |words: &[&str]| text(&run(words).stdout);
    let code = printed(&["qr", "a;b", "pass\"wo:rd", "--text"]);
    assert_eq!(code, "WIFI:T:WPA;S:a\\;b;P:pass\\\"wo\\:rd;;\n");
    assert!(printed(&["completions", "bash"]).contains("_landfall()"));
    assert!(LANDFALL.ends_with("landfall"));
}

#[test]
fn every_word_has_its_page() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    assert_eq!(status(&run(&["manual", &pages.to_string_lossy()])), 0);
    let help = text(&run(&["--help"]).stdout);
    let words = help.split("Commands:").nth(1).unwrap();
    let words = words.split("\n\n").next().unwrap().lines();
    for word in words.filter_map(|line| line.split_whitespace().next()) {
        let page = pages.join(format!("landfall-{word}.1"));
        assert!(word == "help" || page.exists(), "{word}");
    }
    let page = std::fs::read_to_string(pages.join("landfall-qr.1")).unwrap();
    assert!(page.contains(".SH SYNOPSIS") && page.contains("\\fB\\-\\-hidden\\fR"));
}

#[test]
fn the_air_is_changed_and_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut sim = Sim::start(folder.path(), HOME, &[]);
    sim.until("CTRL: NET:AP_ACTIVE");
    let asked = |sim: &Sim, words: &[&str]| text(&sim.air(words).stdout);
    let led = asked(&sim, &["led"]);
    assert!(led.starts_with("{\"pattern\":\"fast\",\"on\":"), "{led}");
    sim.ask("NET:SET,HomeNetwork,Password2", "CTRL: NET:CONNECTED");
    assert_eq!(
        asked(&sim, &["led"]),
        "{\"pattern\":\"solid\",\"on\":true}\n"
    );
    let log = asked(&sim, &["log"]);
    assert!(
        log.lines().any(|row| row.contains("\"op\":\"join\"")),
        "{log}"
    );

    assert_eq!(status(&sim.air(&["ap", "home", "off"])), 0);
    sim.until("CTRL: NET:CONNECTING ssid=\"HomeNetwork\"");
    sim.until("CTRL: NET:AP_ACTIVE ssid=");
    let more = folder.path().join("more.toml").display().to_string();
    std::fs::write(&more, "[[ap]]\nssid = \"CafeFree\"\n").unwrap();
    assert_eq!(status(&sim.air(&["add", &more])), 0);
    assert!(asked(&sim, &["list"]).contains("\"CafeFree\""));
    sim.ask(
        "NET:SET,CafeFree",
        "CTRL: NET:CONNECTED CID=2 ssid=\"CafeFree\"",
    );

    for (words, told) in [
        (&["ap", "nope", "off"][..], "no access point has the name"),
        (&["phone", "join", "Nope"], "no device has an access point"),
        (&["phone", "leave"], "joined no access point"),
        (&["add", "/nope"], "/nope: No such file"),
    ] {
        let out = sim.air(words);
        let line = text(&out.stderr);
        assert!(
            status(&out) == 1 && line.lines().count() == 1 && line.contains(told),
            "{line}"
        );
    }
}

#[test]
fn a_phone_comes_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut sim = Sim::start(folder.path(), HOME, &[]);
    sim.until("CTRL: NET:AP_ACTIVE");
    sim.ask(
        "NET:AP,Workshop,shopshop1",
        "CTRL: NET:AP_ACTIVE ssid=\"Workshop\"",
    );
    assert_eq!(
        status(&sim.air(&["phone", "join", "Workshop", "wrong-key"])),
        1
    );
    assert_eq!(
        status(&sim.air(&["phone", "join", "Workshop", "shopshop1"])),
        0
    );
    let air = sim.ready["air"].as_str().unwrap().to_owned();
    // The air tells the device in its own time.
    let mut cid = 1;
    let mut clients_until = |end: &str| loop {
        cid += 1;
        assert!(cid < 200, "the device never hears of it");
        let last = format!("NET:CLIENTS CID={cid} end=");
        let clients = sim.ask("NET:CLIENTS", &last);
        if clients.ends_with(&format!("{last}{end}\n")) {
            return clients;
        }
    };
    let clients = clients_until("1");
    assert!(
        clients.contains("\nMAC=") && clients.contains(" since_ms="),
        "{clients}"
    );
    assert_eq!(status(&run(&["air", &air, "phone", "leave"])), 0);
    clients_until("0");
}
