//! The fleet's settings, and the record of who changed them.

use serde_json::json;

use crate::harness::{World, both};

both!(
    settings_are_kept_within_bounds,
    the_record_is_paged_and_names_who_did_what
);

async fn settings_are_kept_within_bounds(mut world: World) {
    let admin = world.admin().await;
    let path = "/api/v1/settings";
    let defaults = json!({"online_within_s": 300, "heartbeat_ms": 30_000, "late_after_s": 900});
    assert_eq!(admin.get(path).await.status(200).json, defaults);
    for (body, paths) in [
        (json!({"online_within_s": 0}), vec!["online_within_s"]),
        (json!({"online_within_s": 86_401}), vec!["online_within_s"]),
        (json!({"heartbeat_ms": 249}), vec!["heartbeat_ms"]),
        (json!({"heartbeat_ms": 3_600_001}), vec!["heartbeat_ms"]),
        (
            json!({"late_after_s": -1, "heartbeat_ms": 0}),
            vec!["heartbeat_ms", "late_after_s"],
        ),
        (json!({"heartbeat_ms": 1.5}), vec!["heartbeat_ms"]),
        (json!({"heartbeat_ms": "1000"}), vec!["heartbeat_ms"]),
        (
            json!({"heartbeat_ms": 10_000_000_000_000_000_000_u64}),
            vec!["heartbeat_ms"],
        ),
    ] {
        assert_eq!(
            admin.patch(path, body).await.status(422).wrong_paths(),
            paths
        );
    }
    assert_eq!(admin.get(path).await.status(200).json, defaults);
    let changed = json!({"online_within_s": 86_400, "heartbeat_ms": 250});
    let answer = admin.patch(path, changed).await.status(200);
    let expected = json!({"online_within_s": 86_400, "heartbeat_ms": 250, "late_after_s": 900});
    assert_eq!(answer.json, expected);
    assert_eq!(admin.get(path).await.status(200).json, expected);
    world.restart().await;
    let admin = admin.at(world.server().address());
    assert_eq!(admin.get(path).await.status(200).json, expected);
}

async fn the_record_is_paged_and_names_who_did_what(world: World) {
    let admin = world.admin().await;
    admin
        .patch("/api/v1/settings", json!({"late_after_s": 60}))
        .await
        .status(200);
    admin
        .post(
            "/api/v1/users",
            json!({"username": "ada", "role": "student"}),
        )
        .await
        .status(201);
    let all = admin.get("/api/v1/audit").await.status(200);
    let deeds: Vec<_> = all
        .items()
        .iter()
        .map(|entry| {
            (
                entry["actor"].as_str().unwrap(),
                entry["action"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        deeds,
        [
            ("admin", "user.created"),
            ("admin", "settings.changed"),
            ("admin", "token.created"),
            ("admin", "login"),
            ("landfall", "user.created"),
        ]
    );
    assert!(all.items()[0]["at"].as_str().unwrap().ends_with('Z'));
    let first = admin.get("/api/v1/audit?limit=2").await.status(200);
    let next = first.json["next"].as_str().unwrap();
    let second = admin
        .get(&format!("/api/v1/audit?limit=2&cursor={next}"))
        .await
        .status(200);
    assert_eq!([first.items(), second.items()].concat(), all.items()[..4]);
}
