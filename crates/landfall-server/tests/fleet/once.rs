//! `Idempotency-Key`: creating once, however often it is asked for.

use serde_json::json;

use crate::harness::{World, both};

both!(
    the_same_key_and_body_give_the_first_answer,
    a_secret_is_shown_again_to_who_asked_alone,
    many_at_once_create_one,
    a_refused_request_leaves_no_answer,
);

async fn the_same_key_and_body_give_the_first_answer(mut world: World) {
    let admin = world.admin().await.header("idempotency-key", "one");
    let body = json!({"username": "ada", "role": "lecturer"});
    let first = admin.post("/api/v1/users", body.clone()).await.status(201);
    let again = admin.post("/api/v1/users", body.clone()).await.status(201);
    assert_eq!(first.body, again.body);
    let other = json!({"username": "bob", "role": "lecturer"});
    admin.post("/api/v1/users", other.clone()).await.status(422);
    // The key belongs to the path and the user too.
    admin
        .post("/api/v1/tokens", json!({"name": "a"}))
        .await
        .status(201);
    world.restart().await;
    let admin = admin.at(world.server().address());
    let again = admin.post("/api/v1/users", body.clone()).await.status(201);
    assert_eq!(first.body, again.body);
    world.clock.advance_ms(24 * 3_600_000 + 1_000);
    admin.post("/api/v1/users", body).await.status(409);
    admin.post("/api/v1/users", other).await.status(201);
    let long = admin.header("idempotency-key", &"k".repeat(256));
    long.post("/api/v1/tokens", json!({"name": "a"}))
        .await
        .status(422);
}

async fn a_secret_is_shown_again_to_who_asked_alone(world: World) {
    let first = world.admin().await.header("idempotency-key", "k");
    let second = world.admin().await.header("idempotency-key", "k");
    let made = first
        .post("/api/v1/tokens", json!({"name": "a"}))
        .await
        .status(201);
    let again = first
        .post("/api/v1/tokens", json!({"name": "a"}))
        .await
        .status(201);
    assert_eq!(made.json["token"], again.json["token"]);
    second
        .post("/api/v1/tokens", json!({"name": "a"}))
        .await
        .status(409);
}

async fn many_at_once_create_one(world: World) {
    let admin = world.admin().await.header("idempotency-key", "k");
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let admin = admin.clone();
            tokio::spawn(async move { admin.post("/api/v1/tokens", json!({"name": "x"})).await })
        })
        .collect();
    let mut ids = Vec::new();
    for task in tasks {
        ids.push(task.await.unwrap().status(201).json["id"].as_i64().unwrap());
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
}

async fn a_refused_request_leaves_no_answer(world: World) {
    let admin = world.admin().await.header("idempotency-key", "k");
    let body = json!({"username": "admin", "role": "admin"});
    admin.post("/api/v1/users", body).await.status(409);
    let body = json!({"username": "ada", "role": "admin"});
    admin.post("/api/v1/users", body).await.status(201);
}
