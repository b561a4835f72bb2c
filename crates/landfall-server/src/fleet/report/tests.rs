//! Heartbeats as devices, careless programs and strangers write them.

use expect_test::{Expect, expect};

use super::*;

fn check(body: &str, expected: Expect) {
    let told = match Report::parse(body.as_bytes()) {
        Err(error) => format!("{error:?}"),
        Ok(report) => match report.id() {
            Err(error) => format!("{error:?}"),
            Ok(id) => format!("{id} {:?} left {:?}", report.named_id(), report.warnings),
        },
    };
    expected.assert_eq(&told);
}

#[test]
fn only_the_id_is_needed() {
    check(
        r#"{"hardware_id":"lf-246f2856789a"}"#,
        expect![[r#"lf-246f2856789a Some("lf-246f2856789a") left []"#]],
    );
    check(
        r#"{"device_id":"ESP32_7","hardware_id":null,"extra":{"deep":[1e999]}}"#,
        expect![[r#"ESP32_7 Some("ESP32_7") left []"#]],
    );
    check(
        r#"{"hardware_id":"lf-246f2856789a","device_id":"ESP32_7"}"#,
        expect![[r#"lf-246f2856789a Some("ESP32_7") left []"#]],
    );
}

#[test]
fn what_names_no_device_is_refused() {
    for body in [
        "",
        "{",
        "[]",
        "null",
        "7",
        r#""x""#,
        r#"{"device_id":"a"} x"#,
    ] {
        assert_eq!(
            Report::parse(body.as_bytes()).err(),
            Some(BadForm::Json),
            "{body}"
        );
    }
    assert_eq!(
        Report::parse(b"{\"device_id\":\"\xff\"}").err(),
        Some(BadForm::Json)
    );
    let long = "x".repeat(DEVICE_ID_MAX + 1);
    for id in [
        "null",
        "7",
        r#""""#,
        r#"" \t ""#,
        "[]",
        &format!("{long:?}"),
    ] {
        let body = format!(r#"{{"device_id":{id}}}"#);
        let report = Report::parse(body.as_bytes()).unwrap();
        assert_eq!(report.id().err(), Some(BadForm::DeviceId), "{id}");
    }
    let body = format!(r#"{{"device_id":{:?}}}"#, "é".repeat(DEVICE_ID_MAX));
    assert!(Report::parse(body.as_bytes()).unwrap().id().is_ok());
}

#[test]
fn numbers_out_of_range_are_left_out_and_named() {
    check(
        r#"{"device_id":"a","rssi":500,"uptime_ms":-1,"seq":18446744073709551616,"free_heap":1e400,
            "station_capacity":70000,"config_version":-1,"ip":7,"stations":[{"station":"x","rssi":1},{}],
            "marks":[{"id":"m","taken_uptime_ms":-5},{"id":""},7],"rollout":{"id":1,"result":"maybe"}}"#,
        expect![[
            r#"a Some("a") left ["seq", "rssi", "ip", "station_capacity", "uptime_ms", "free_heap", "config_version", "rollout", "stations[0].rssi", "stations[1]", "marks[0].taken_uptime_ms", "marks[1].id", "marks[2]"]"#
        ]],
    );
    check(
        r#"{"device_id":"a","device_id":"b","rssi":-60.7,"uptime_ms":1e3,"boot_id":17,"seq":18446744073709551615}"#,
        expect![[r#"b Some("b") left []"#]],
    );
}

#[test]
fn everything_that_is_right_is_read() {
    let body = br#"{"hardware_id":"lf-246f2856789a","boot_id":17,"seq":5,"uptime_ms":1000,"state":"CONNECTED",
        "ssid":"Home","rssi":-61,"ip":"10.0.0.7","firmware":"0.1.0","chip":"esp32c3","config_version":7,
        "config_hash":"abc","config_error":null,"ap_ssid":"Landfall-1","station_capacity":10,"free_heap":90000,
        "rollout":{"id":3,"result":"rolled_back","class":"wrong_password"},
        "stations":[{"station":"ab","since_ms":5,"rssi":-40}],"events":[{"event":"connected"}],
        "marks":[{"id":"1","session_id":12,"matric":"A/1","code":"123456","taken_uptime_ms":900,"boot_id":"17","station":"ab"}]}"#;
    let report = Report::parse(body).unwrap();
    expect![[r#"Report { who: Who { hardware_id: Some("lf-246f2856789a"), device_id: None, boot_id: Some("17"), seq: Some(5) }, radio: Radio { state: Some("CONNECTED"), ssid: Some("Home"), rssi: Some(-61), ip: Some("10.0.0.7"), ap_ssid: Some("Landfall-1"), station_capacity: Some(10) }, device: About { firmware: Some("0.1.0"), chip: Some("esp32c3"), uptime_ms: Some(1000), free_heap: Some(90000) }, applied: Applied { version: Some(7), hash: Some("abc"), error: None }, rollout: Some(RolloutResult { id: 3, proven: false, class: Some("wrong_password") }), stations: Some([Station { station: "ab", since_ms: Some(5), rssi: Some(-40) }]), events: [RawValue({"event":"connected"})], marks: [ReportedMark { id: "1", session_id: Some(12), matric: Some("A/1"), code: Some("123456"), taken_uptime_ms: Some(900), boot_id: Some("17"), station: Some("ab") }], warnings: [] }"#]].assert_eq(&format!("{report:?}"));
}

#[test]
fn lists_are_bounded() {
    let marks: Vec<String> = (0..40).map(|n| format!(r#"{{"id":"{n}"}}"#)).collect();
    let body = format!(r#"{{"device_id":"a","marks":[{}]}}"#, marks.join(","));
    let report = Report::parse(body.as_bytes()).unwrap();
    assert_eq!(report.marks.len(), MARKS_MAX);
    assert_eq!(report.marks[31].id, "31");
}
