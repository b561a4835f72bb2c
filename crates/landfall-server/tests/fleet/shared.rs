//! Devices of two servers on one PostgreSQL database: each has memory of its own, and they agree.

use std::time::Duration;

use serde_json::json;

use crate::harness::{Client, Device, Kind, World, run};

/// What nothing takes here, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(60);

/// Waits until a device is shown so.
async fn until(client: &Client, device: &Device, name: &str, expected: serde_json::Value) {
    let shown = async {
        while client.get(&device.path("")).await.json[name] != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let shown = tokio::time::timeout(DEADLINE, shown).await;
    assert!(shown.is_ok(), "{name} is not {expected}");
}

#[test]
fn what_one_server_hears_the_other_knows() {
    run(
        |world: World| async move {
            let second = world.second().await;
            let admin = world.admin().await;
            let there = admin.at(second.address());
            let device = Device::claimed(&world, 1).await;
            until(&there, &device, "enrolment", json!("accepted")).await;
            let seq = device.next_seq();
            assert_eq!(device.sealed(seq, json!({"rssi": -44})).await.0, 200);
            until(&there, &device, "presence", json!("online")).await;
            until(&there, &device, "rssi", json!(-44)).await;
            // A number that the one took is known to the other.
            let moved = device.at(second.address());
            assert_eq!(moved.sealed(seq, json!({})).await.0, 401);
            assert_eq!(moved.sealed(seq + 1, json!({})).await.0, 200);
            let change = json!({"values": {"location": "Hall"}, "base_revision": 0});
            there.put("/api/v1/config/fleet", change).await.status(200);
            until(&admin, &device, "location", json!("Hall")).await;
            let (_, told) = device.sealed(seq + 2, json!({})).await;
            assert_eq!(told["configuration"]["location"], "Hall");
            // Each derives by itself that nobody was heard.
            world.clock.advance_ms(310_000);
            for client in [&admin, &there] {
                until(client, &device, "presence", json!("offline")).await;
            }
            second.stop().await;
        },
        Kind::Postgres,
    );
}
