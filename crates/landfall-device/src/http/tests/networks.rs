//! The list of known networks: told, and edited by place.

use expect_test::expect;
use landfall_core::command::Reply;
use std::format;

use super::{AP, JSON, World, check, check_refusals, known, post};

#[test]
fn networks_are_listed_without_keys_and_edited_by_place() {
    let mut world = World::new();
    world.reply = Reply::Known(2);
    world.wifi.networks.push(known(b"caf\xe9", b"")).unwrap();
    let network = r#"{"ssid":"New","password":"12345678","enables_webrepl":true,
        "bssid":"02:00:00:00:00:01","hidden":true}"#;
    check(
        &world,
        AP,
        &[
            "GET /api/networks",
            &post("/api/networks", network),
            &post("/api/networks", r#"{"ssid":"HomeNetwork","hidden":true}"#),
            &format!("PUT /api/networks/1\n{JSON}{{\"ssid_hex\":\"636166e9\"}}"),
            &format!("PUT /api/networks/2\n{JSON}{{}}"),
            "DELETE /api/networks/0",
            "DELETE /api/networks/2",
            "DELETE /api/networks/00",
            "DELETE /api/networks/16",
            "DELETE /api/networks/x",
        ],
        expect![[r#"
            GET /api/networks
                200 OK
                [{"n":0,"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false},{"n":1,"ssid":"caf�","ssid_hex":"636166e9","secure":false,"enables_webrepl":false,"bssid":null,"hidden":false}]
            POST /api/networks | {"ssid":"New","password":"12345678","enables_webrepl":true, | "bssid":"02:00:00:00:00:01","hidden":true}
                > Touched; Add(KnownNetwork { ssid: "New", security: Personal(***), bssid: Some(02:00:00:00:00:01), hidden: true, enables_webrepl: true, proven: false, id: NetworkId(0) }); Posted
                200 OK
                [{"n":0,"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false},{"n":1,"ssid":"caf�","ssid_hex":"636166e9","secure":false,"enables_webrepl":false,"bssid":null,"hidden":false}]
            POST /api/networks | {"ssid":"HomeNetwork","hidden":true}
                > Touched; Add(KnownNetwork { ssid: "HomeNetwork", security: Personal(***), bssid: None, hidden: true, enables_webrepl: false, proven: false, id: NetworkId(0) }); Posted
                200 OK
                [{"n":0,"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false},{"n":1,"ssid":"caf�","ssid_hex":"636166e9","secure":false,"enables_webrepl":false,"bssid":null,"hidden":false}]
            PUT /api/networks/1 | {"ssid_hex":"636166e9"}
                > Put(1, KnownNetwork { ssid: "caf\xe9", security: Open, bssid: None, hidden: false, enables_webrepl: false, proven: false, id: NetworkId(0) })
                200 OK
                [{"n":0,"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false},{"n":1,"ssid":"caf�","ssid_hex":"636166e9","secure":false,"enables_webrepl":false,"bssid":null,"hidden":false}]
            PUT /api/networks/2 | {}
                404 Not Found
                {"error":"not-found","detail":"n: no such network"}
            DELETE /api/networks/0
                > RemoveAt(0)
                200 OK
                [{"n":0,"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false},{"n":1,"ssid":"caf�","ssid_hex":"636166e9","secure":false,"enables_webrepl":false,"bssid":null,"hidden":false}]
            DELETE /api/networks/2
                404 Not Found
                {"error":"not-found","detail":"n: no such network"}
            DELETE /api/networks/00
                404 Not Found
                {"error":"not-found","detail":"path: nothing is here"}
            DELETE /api/networks/16
                404 Not Found
                {"error":"not-found","detail":"path: nothing is here"}
            DELETE /api/networks/x
                404 Not Found
                {"error":"not-found","detail":"path: nothing is here"}
        "#]],
    );
}

#[test]
fn a_wrong_network_is_refused_with_its_path() {
    check_refusals(
        &World::new(),
        &[
            &post("/api/networks", "7"),
            &post("/api/networks", "{}"),
            &post("/api/networks", r#"{"ssid":"a","password":"1234567"}"#),
            &post("/api/networks", r#"{"ssid":"a","enables_webrepl":1}"#),
            &post("/api/networks", r#"{"ssid":"a","bssid":"02:00"}"#),
            &post("/api/networks", r#"{"ssid":"a","bssid":5}"#),
            &post("/api/networks", r#"{"ssid":"a","hidden":null}"#),
        ],
        expect![[r#"
            400 invalid-payload: body: not a JSON object < 7
            400 invalid-ssid: ssid: missing < {}
            400 pass-too-short: password: shorter than 8 characters < {"ssid":"a","password":"1234567"}
            400 invalid-network: enables_webrepl: not true or false < {"ssid":"a","enables_webrepl":1}
            400 invalid-network: bssid: not six pairs of hexadecimal digits < {"ssid":"a","bssid":"02:00"}
            400 invalid-network: bssid: not six pairs of hexadecimal digits < {"ssid":"a","bssid":5}
            400 invalid-network: hidden: not true or false < {"ssid":"a","hidden":null}
        "#]],
    );
}

#[test]
fn a_password_that_is_absent_or_masked_stays_as_it_is_known() {
    check(
        &World::new(),
        AP,
        &[
            &post("/api/networks", r#"{"ssid":"HomeNetwork"}"#),
            &post(
                "/api/networks",
                r#"{"ssid":"HomeNetwork","password":"********"}"#,
            ),
            &post("/api/networks", r#"{"ssid":"HomeNetwork","password":""}"#),
            &post("/api/networks", r#"{"ssid":"Another"}"#),
            &post(
                "/api/networks",
                r#"{"ssid":"Another","password":"********"}"#,
            ),
        ],
        expect![[r#"
            POST /api/networks | {"ssid":"HomeNetwork"}
                > Touched; Add(KnownNetwork { ssid: "HomeNetwork", security: Personal(***), bssid: None, hidden: false, enables_webrepl: false, proven: false, id: NetworkId(0) }); Posted
                200 OK
                [{"n":0,"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false}]
            POST /api/networks | {"ssid":"HomeNetwork","password":"********"}
                > Touched; Add(KnownNetwork { ssid: "HomeNetwork", security: Personal(***), bssid: None, hidden: false, enables_webrepl: false, proven: false, id: NetworkId(0) }); Posted
                200 OK
                [{"n":0,"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false}]
            POST /api/networks | {"ssid":"HomeNetwork","password":""}
                > Touched; Add(KnownNetwork { ssid: "HomeNetwork", security: Open, bssid: None, hidden: false, enables_webrepl: false, proven: false, id: NetworkId(0) }); Posted
                200 OK
                [{"n":0,"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false}]
            POST /api/networks | {"ssid":"Another"}
                > Touched; Add(KnownNetwork { ssid: "Another", security: Open, bssid: None, hidden: false, enables_webrepl: false, proven: false, id: NetworkId(0) }); Posted
                200 OK
                [{"n":0,"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false}]
            POST /api/networks | {"ssid":"Another","password":"********"}
                > Touched
                400 Bad Request
                {"error":"invalid-pass","detail":"password: masked, but none is stored"}
        "#]],
    );
}
