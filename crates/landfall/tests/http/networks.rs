//! `/api/networks`: the list of known networks, changed one by one.

use expect_test::expect;

use crate::sim::{Ap, Sim};

#[test]
fn networks_are_added_changed_and_removed() {
    let sim = Sim::blank();
    expect![[r#"
        GET /api/networks
            200
            []
        POST /api/networks {"ssid":"First","password":"longenough"}
            200
            [{"n":0,"ssid":"First","ssid_hex":"4669727374","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false}]
        POST /api/networks {"ssid_hex":"436166e9","password":"","enables_webrepl":true,"bssid":"02:00:00:00:00:04","hidden":true}
            200
            [{"n":0,"ssid":"First","ssid_hex":"4669727374","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false},{"n":1,"ssid":"Caf�","ssid_hex":"436166e9","secure":false,"enables_webrepl":true,"bssid":"02:00:00:00:00:04","hidden":true}]
        PUT /api/networks/0 {"ssid":"Second","password":"longenough"}
            200
            [{"n":0,"ssid":"Second","ssid_hex":"5365636f6e64","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false},{"n":1,"ssid":"Caf�","ssid_hex":"436166e9","secure":false,"enables_webrepl":true,"bssid":"02:00:00:00:00:04","hidden":true}]
        PUT /api/networks/1 {"ssid_hex":"436166e9"}
            200
            [{"n":0,"ssid":"Second","ssid_hex":"5365636f6e64","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false},{"n":1,"ssid":"Caf�","ssid_hex":"436166e9","secure":false,"enables_webrepl":false,"bssid":null,"hidden":false}]
        GET /api/networks
            200
            [{"n":0,"ssid":"Second","ssid_hex":"5365636f6e64","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false},{"n":1,"ssid":"Caf�","ssid_hex":"436166e9","secure":false,"enables_webrepl":false,"bssid":null,"hidden":false}]
        DELETE /api/networks/0
            200
            [{"n":0,"ssid":"Caf�","ssid_hex":"436166e9","secure":false,"enables_webrepl":false,"bssid":null,"hidden":false}]
        DELETE /api/networks/1
            404
            {"error":"not-found","detail":"n: no such network"}
        DELETE /api/networks/16
            404
            {"error":"not-found","detail":"path: nothing is here"}
        PUT /api/networks/1 {"ssid":"x"}
            404
            {"error":"not-found","detail":"n: no such network"}
        DELETE /api/networks/0
            200
            []
    "#]]
    .assert_eq(&sim.play(
        Ap,
        r#"
        GET /api/networks
        POST /api/networks {"ssid":"First","password":"longenough"}
        POST /api/networks {"ssid_hex":"436166e9","password":"","enables_webrepl":true,"bssid":"02:00:00:00:00:04","hidden":true}
        PUT /api/networks/0 {"ssid":"Second","password":"longenough"}
        PUT /api/networks/1 {"ssid_hex":"436166e9"}
        GET /api/networks
        DELETE /api/networks/0
        DELETE /api/networks/1
        DELETE /api/networks/16
        PUT /api/networks/1 {"ssid":"x"}
        DELETE /api/networks/0
        "#,
    ));
}

#[test]
fn what_is_wrong_is_told_with_its_path() {
    let sim = Sim::blank();
    expect![[r#"
        POST /api/networks
            400
            {"error":"invalid-payload","detail":"body: not a JSON object"}
        POST /api/networks []
            400
            {"error":"invalid-payload","detail":"body: not a JSON object"}
        POST /api/networks {}
            400
            {"error":"invalid-ssid","detail":"ssid: missing"}
        POST /api/networks {"ssid":7}
            400
            {"error":"invalid-ssid","detail":"ssid: not a string"}
        POST /api/networks {"ssid":"x","password":7}
            400
            {"error":"invalid-pass","detail":"password: not a string"}
        POST /api/networks {"ssid":"x","password":"short"}
            400
            {"error":"pass-too-short","detail":"password: shorter than 8 characters"}
        POST /api/networks {"ssid":"x","password":"********"}
            400
            {"error":"invalid-pass","detail":"password: masked, but none is stored"}
        POST /api/networks {"ssid":"x","bssid":"02:00"}
            400
            {"error":"invalid-network","detail":"bssid: not six pairs of hexadecimal digits"}
        POST /api/networks {"ssid":"x","hidden":"yes"}
            400
            {"error":"invalid-network","detail":"hidden: not true or false"}
        POST /api/networks {"ssid":"x","enables_webrepl":1}
            400
            {"error":"invalid-network","detail":"enables_webrepl: not true or false"}
        GET /api/networks
            200
            []
    "#]]
    .assert_eq(&sim.play(
        Ap,
        r#"
        POST /api/networks
        POST /api/networks []
        POST /api/networks {}
        POST /api/networks {"ssid":7}
        POST /api/networks {"ssid":"x","password":7}
        POST /api/networks {"ssid":"x","password":"short"}
        POST /api/networks {"ssid":"x","password":"********"}
        POST /api/networks {"ssid":"x","bssid":"02:00"}
        POST /api/networks {"ssid":"x","hidden":"yes"}
        POST /api/networks {"ssid":"x","enables_webrepl":1}
        GET /api/networks
        "#,
    ));
}
