//! What phones ask to learn whether they are behind a portal, before and after they may know.

use expect_test::expect;

use crate::client::Answer;
use crate::sim::{Ap, Sim, Sta, pass};

const APPLE: &str = "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>";
const FIREFOX: &str = "<meta http-equiv=\"refresh\" content=\"0;url=https://support.mozilla.org/kb/captive-portal\"/>";
const KINDLE: &str = "<html><head><title>Kindle Reachability Probe Page</title></head>\
    <body>81ce4465-7167-4dcb-835b-dcc9e44c112a</body></html>";

/// Code and body that are taken for success; none: nothing is, people come there by themselves.
type Success = Option<(u16, &'static str)>;

/// What is asked of whom, and what is taken for success there.
const PROBES: [(&str, &str, Success); 12] = [
    (
        "/generate_204",
        "connectivitycheck.gstatic.com",
        Some((204, "")),
    ),
    ("/gen_204", "www.google.com", Some((204, ""))),
    (
        "/hotspot-detect.html",
        "captive.apple.com",
        Some((200, APPLE)),
    ),
    (
        "/library/test/success.html",
        "www.apple.com",
        Some((200, APPLE)),
    ),
    (
        "/connecttest.txt",
        "www.msftconnecttest.com",
        Some((200, "Microsoft Connect Test")),
    ),
    (
        "/ncsi.txt",
        "www.msftncsi.com",
        Some((200, "Microsoft NCSI")),
    ),
    ("/redirect", "www.msftconnecttest.com", None),
    (
        "/canonical.html",
        "detectportal.firefox.com",
        Some((200, FIREFOX)),
    ),
    (
        "/success.txt?ipv4",
        "detectportal.firefox.com",
        Some((200, "success\n")),
    ),
    (
        "/check_network_status.txt",
        "nmcheck.gnome.org",
        Some((200, "NetworkManager is online\n")),
    ),
    (
        "/kindle-wifi/wifistub.html",
        "spectrum.s3.amazonaws.com",
        Some((200, KINDLE)),
    ),
    ("/anything", "example.com", None),
];

fn leads_to_the_portal(answer: &Answer, asked: &str) {
    assert_eq!(answer.code, 302, "{asked}");
    assert_eq!(
        answer.field("Location"),
        Some("http://192.168.4.1/"),
        "{asked}"
    );
    let is_small = (1..256).contains(&answer.body.len());
    assert!(
        is_small && answer.text().contains("<a href=\"http://192.168.4.1/\">"),
        "{asked}"
    );
}

/// Asks as every system does: of its own host, and of the device itself.
fn all_probes(sim: &Sim, succeeds: bool) {
    for (path, host, success) in PROBES {
        for asked in [format!("GET {path} [Host: {host}]"), format!("GET {path}")] {
            let answer = sim.ask(Ap, &asked);
            match success.filter(|_| succeeds) {
                Some((code, body)) => {
                    assert_eq!((answer.code, answer.text()), (code, body), "{asked}");
                }
                None if path == "/anything" && !asked.contains("Host") => {
                    assert_eq!(answer.code, 404, "{asked}");
                }
                None => leads_to_the_portal(&answer, &asked),
            }
        }
        let head = sim.ask(Ap, &format!("HEAD {path} [Host: {host}]"));
        let code = success.filter(|_| succeeds).map_or(302, |(code, _)| code);
        assert_eq!((head.code, head.body.len()), (code, 0), "HEAD {path}");
    }
    assert_eq!(sim.ask(Ap, "GET /wpad.dat [Host: wpad.lan]").code, 404);
}

#[test]
fn probes_lead_to_the_portal_until_the_result_was_seen() {
    let sim = Sim::blank();
    all_probes(&sim, false);
    sim.ask(
        Ap,
        r#"POST /api/wifi {"ssid":"HomeNetwork","pass":"Password2"}"#,
    );
    all_probes(&sim, false);
    sim.until("it is connected", |status| status["state"] == "CONNECTED");
    assert_eq!(sim.ask(Ap, "GET /generate_204").code, 302);
    assert_eq!(sim.ask(Ap, "POST /api/seen").code, 204);
    all_probes(&sim, true);
}

#[test]
fn probes_succeed_after_20_s_of_linger_too() {
    let sim = Sim::connected();
    pass(15_000);
    assert_eq!(sim.ask(Ap, "GET /success.txt").code, 302);
    pass(7_000);
    all_probes(&sim, true);
}

#[test]
fn the_access_point_goes_when_its_linger_is_over() {
    let sim = Sim::connected();
    pass(25_000);
    assert!(sim.connect(Ap).is_some(), "it lingers 30 s");
    pass(10_000);
    assert!(sim.connect(Ap).is_none());
    assert!(sim.connect(Sta).is_some());
}

#[test]
fn the_station_side_answers_no_probe() {
    let sim = Sim::connected();
    expect![[r#"
        GET /generate_204
            404
            not-found
        GET /generate_204 [Host: connectivitycheck.gstatic.com]
            421
            misdirected
        GET / [Host: example.com]
            421
            misdirected
    "#]]
    .assert_eq(&sim.play_codes(
        Sta,
        "
        GET /generate_204
        GET /generate_204 [Host: connectivitycheck.gstatic.com]
        GET / [Host: example.com]
        ",
    ));
}
