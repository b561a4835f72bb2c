//! What phones ask before their users do.

use expect_test::expect;
use std::string::String;

use super::{AP, STATION, World, check};

const PROBES: &[&str] = &[
    "GET /generate_204\nHost: connectivitycheck.gstatic.com\n",
    "GET /gen_204\nHost: clients3.google.com\n",
    "GET /hotspot-detect.html\nHost: captive.apple.com\n",
    "GET /library/test/success.html\nHost: www.apple.com\n",
    "GET /connecttest.txt\nHost: www.msftconnecttest.com\n",
    "GET /ncsi.txt\nHost: www.msftncsi.com\n",
    "GET /redirect\nHost: www.msftconnecttest.com\n",
    "GET /wpad.dat\nHost: wpad\n",
    "GET /canonical.html\nHost: detectportal.firefox.com\n",
    "GET /success.txt?ipv4\nHost: detectportal.firefox.com\n",
    "GET /check_network_status.txt\nHost: nmcheck.gnome.org\n",
    "GET /kindle-wifi/wifistub.html\nHost: spectrum.s3.amazonaws.com\n",
];

#[test]
fn probes_lead_to_the_portal_until_the_device_is_provisioned() {
    let world = World::new();
    let mut codes = String::new();
    for probe in PROBES {
        let line = probe.lines().next().unwrap_or_default();
        let answer = world.ask(AP, &probe.replacen('\n', " HTTP/1.1\n", 1));
        codes += &std::format!("{line}:{}\n", answer.lines().next().unwrap_or_default());
    }
    expect![[r#"
        GET /generate_204:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
        GET /gen_204:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
        GET /hotspot-detect.html:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
        GET /library/test/success.html:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
        GET /connecttest.txt:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
        GET /ncsi.txt:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
        GET /redirect:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
        GET /wpad.dat:    404 Not Found
        GET /canonical.html:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
        GET /success.txt?ipv4:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
        GET /check_network_status.txt:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
        GET /kindle-wifi/wifistub.html:    302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
    "#]]
    .assert_eq(&codes);
    check(
        &world,
        AP,
        &PROBES[..1],
        expect![[r#"
            GET /generate_204 | Host: connectivitycheck.gstatic.com
                302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
                <!doctype html><title>Wi-Fi</title><a href="http://192.168.4.1/">Set up Wi-Fi</a>
        "#]],
    );
    // Asked of the device by its own name they are the same.
    check(
        &world,
        AP,
        &["HEAD /generate_204"],
        expect![[r#"
            HEAD /generate_204
                302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
                <!doctype html><title>Wi-Fi</title><a href="http://192.168.4.1/">Set up Wi-Fi</a>
        "#]],
    );
}

#[test]
fn probes_succeed_once_the_page_has_shown_the_result() {
    let mut world = World::new();
    world.probe_succeeds = true;
    check(
        &world,
        AP,
        PROBES,
        expect![[r#"
            GET /generate_204 | Host: connectivitycheck.gstatic.com
                204 No Content
            GET /gen_204 | Host: clients3.google.com
                204 No Content
            GET /hotspot-detect.html | Host: captive.apple.com
                200 OK | Content-Type: text/html; charset=utf-8
                <HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>
            GET /library/test/success.html | Host: www.apple.com
                200 OK | Content-Type: text/html; charset=utf-8
                <HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>
            GET /connecttest.txt | Host: www.msftconnecttest.com
                200 OK | Content-Type: text/plain; charset=utf-8
                Microsoft Connect Test
            GET /ncsi.txt | Host: www.msftncsi.com
                200 OK | Content-Type: text/plain; charset=utf-8
                Microsoft NCSI
            GET /redirect | Host: www.msftconnecttest.com
                302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
                <!doctype html><title>Wi-Fi</title><a href="http://192.168.4.1/">Set up Wi-Fi</a>
            GET /wpad.dat | Host: wpad
                404 Not Found
                {"error":"not-found","detail":"path: no proxy here"}
            GET /canonical.html | Host: detectportal.firefox.com
                200 OK | Content-Type: text/html; charset=utf-8
                <meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>
            GET /success.txt?ipv4 | Host: detectportal.firefox.com
                200 OK | Content-Type: text/plain; charset=utf-8
                success
            GET /check_network_status.txt | Host: nmcheck.gnome.org
                200 OK | Content-Type: text/plain; charset=utf-8
                NetworkManager is online
            GET /kindle-wifi/wifistub.html | Host: spectrum.s3.amazonaws.com
                200 OK | Content-Type: text/html; charset=utf-8
                <html><head><title>Kindle Reachability Probe Page</title></head><body>81ce4465-7167-4dcb-835b-dcc9e44c112a</body></html>
        "#]],
    );
}

#[test]
fn strangers_names_lead_to_the_portal_on_the_access_points_side_alone() {
    let world = World::connected();
    let requests = [
        "GET /\nHost: example.com\n",
        "HEAD /any/where?x=1\nHost: example.com:8080\n",
        "GET http://example.com/x\nHost: 192.168.4.1\n",
        "GET /api/status\nHost: example.com\n",
        "GET /api\nHost: example.com\n",
        "POST /wifi\nHost: example.com\n",
        "PUT /x\nHost: example.com\n",
    ];
    check(
        &world,
        AP,
        &requests,
        expect![[r#"
            GET / | Host: example.com
                302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
                <!doctype html><title>Wi-Fi</title><a href="http://192.168.4.1/">Set up Wi-Fi</a>
            HEAD /any/where?x=1 | Host: example.com:8080
                302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
                <!doctype html><title>Wi-Fi</title><a href="http://192.168.4.1/">Set up Wi-Fi</a>
            GET http://example.com/x | Host: 192.168.4.1
                302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
                <!doctype html><title>Wi-Fi</title><a href="http://192.168.4.1/">Set up Wi-Fi</a>
            GET /api/status | Host: example.com
                421 Misdirected Request
                {"error":"misdirected","detail":"Host: not a name of this device"}
            GET /api | Host: example.com
                421 Misdirected Request
                {"error":"misdirected","detail":"Host: not a name of this device"}
            POST /wifi | Host: example.com
                421 Misdirected Request
                {"error":"misdirected","detail":"Host: not a name of this device"}
            PUT /x | Host: example.com
                421 Misdirected Request
                {"error":"misdirected","detail":"Host: not a name of this device"}
        "#]],
    );
    check(
        &world,
        STATION,
        &requests[..4],
        expect![[r#"
            GET / | Host: example.com
                421 Misdirected Request
                {"error":"misdirected","detail":"Host: not a name of this device"}
            HEAD /any/where?x=1 | Host: example.com:8080
                421 Misdirected Request
                {"error":"misdirected","detail":"Host: not a name of this device"}
            GET http://example.com/x | Host: 192.168.4.1
                421 Misdirected Request
                {"error":"misdirected","detail":"Host: not a name of this device"}
            GET /api/status | Host: example.com
                421 Misdirected Request
                {"error":"misdirected","detail":"Host: not a name of this device"}
        "#]],
    );
    check(
        &world,
        STATION,
        &["GET /generate_204"],
        expect![[r#"
            GET /generate_204
                404 Not Found
                {"error":"not-found","detail":"path: nothing is here"}
        "#]],
    );
}
