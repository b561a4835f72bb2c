//! Two processes on one PostgreSQL database, as far as one process can play them: each has memory of
//! its own.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Kind, World, run};

/// What nothing takes here, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(60);

#[test]
fn a_lost_database_is_said_and_nothing_is_a_defect() {
    run(
        |world: World| async move {
            let admin = world.admin().await;
            world.drop_database().await;
            let stranger = world.stranger();
            stranger.get("/healthz").await.status(200);
            for answer in [
                stranger.get("/readyz").await,
                admin.get("/api/v1/users").await,
                admin
                    .patch("/api/v1/settings", json!({"heartbeat_ms": 5_000}))
                    .await,
                stranger
                    .post("/api/v1/login", json!({"username": "a", "password": "b"}))
                    .await,
            ] {
                let answer = answer.status(503);
                assert!(answer.headers.contains_key("retry-after"));
            }
        },
        Kind::Postgres,
    );
}

#[test]
fn a_change_of_one_is_known_to_the_other() {
    run(
        |world: World| async move {
            let second = world.second().await;
            assert_eq!(second.admin_password(), None);
            let admin = world.admin().await;
            let there = admin.at(second.address());
            there.get("/api/v1/me").await.status(200);
            admin
                .patch("/api/v1/settings", json!({"heartbeat_ms": 5_000}))
                .await
                .status(200);
            let heard = async {
                while there.get("/api/v1/settings").await.json["heartbeat_ms"] != 5_000 {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            };
            assert!(
                tokio::time::timeout(DEADLINE, heard).await.is_ok(),
                "it was not told"
            );
            second.stop().await;
        },
        Kind::Postgres,
    );
}
