//! Server-Sent Events: what is told, and that it ends.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use landfall_server::Change;
use serde_json::json;

use crate::harness::{World, both};

both!(changes_are_told, a_stream_ends_with_its_login);

/// What nothing takes here, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(60);

/// Reads on until the text is there.
async fn read_until(body: &mut Incoming, seen: &mut String, text: &str) {
    let reading = async {
        while !seen.contains(text) {
            let frame = body.frame().await.expect("the stream goes on").unwrap();
            seen.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    };
    let read = tokio::time::timeout(DEADLINE, reading).await;
    assert!(read.is_ok(), "no {text:?} in {seen:?}");
}

async fn changes_are_told(world: World) {
    let admin = world.admin().await;
    let answer = admin.open("GET", "/api/v1/events", "").await;
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let (mut body, mut seen) = (answer.into_body(), String::new());
    read_until(&mut body, &mut seen, ": \n\n").await;
    let database = &world.server().app().database;
    let told = database.write(async |mut tx| {
        tx.changed(Change::Device {
            hardware_id: "lf-246f2856789a".into(),
        });
        tx.changed(Change::Session { session_id: 3 });
        tx.changed(Change::Mark { session_id: 3 });
        Ok::<_, landfall_server::DatabaseError>(())
    });
    told.await.unwrap();
    let expected = "event: device\ndata: {\"hardware_id\":\"lf-246f2856789a\"}\n\n\
                    event: session\ndata: {\"session_id\":3}\n\n\
                    event: mark\ndata: {\"session_id\":3}\n\n";
    read_until(&mut body, &mut seen, expected).await;
    admin
        .patch("/api/v1/settings", json!({"late_after_s": 60}))
        .await
        .status(200);
    read_until(&mut body, &mut seen, "event: resync\ndata: {}\n\n").await;
    let failed = database.write(async |mut tx| {
        tx.changed(Change::Session { session_id: 99 });
        Err::<(), _>(landfall_server::DatabaseError::Taken)
    });
    assert!(failed.await.is_err());
    // The comment that keeps the way open, and nothing of what was not done.
    read_until(&mut body, &mut seen, "data: {}\n\n: \n\n").await;
    assert!(!seen.contains("99"));
}

async fn a_stream_ends_with_its_login(world: World) {
    let browser = world.login("admin", world.password()).await;
    let mut body = browser.open("GET", "/api/v1/events", "").await.into_body();
    browser.post("/api/v1/logout", json!({})).await.status(204);
    let ended = tokio::time::timeout(DEADLINE, async {
        while let Some(frame) = body.frame().await {
            frame.unwrap();
        }
    });
    assert!(ended.await.is_ok(), "the stream of an ended login goes on");
}
