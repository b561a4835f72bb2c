//! Logging in and out, tokens, and what strangers see.

use serde_json::json;

use crate::harness::{World, both};

both!(
    a_login_is_known_by_its_cookie_and_survives_a_restart,
    a_token_acts_for_its_user,
    strangers_are_told_nothing,
);

async fn a_login_is_known_by_its_cookie_and_survives_a_restart(mut world: World) {
    let browser = world.login("admin", world.password()).await;
    let me = browser.get("/api/v1/me").await.status(200);
    assert_eq!(me.json, json!({"username": "admin", "role": "admin"}));
    world.restart().await;
    assert_eq!(world.server().admin_password(), None);
    let browser = browser.at(world.server().address());
    browser.get("/api/v1/me").await.status(200);
    browser.post("/api/v1/logout", json!({})).await.status(204);
    browser.get("/api/v1/me").await.status(401);
}

async fn a_token_acts_for_its_user(world: World) {
    let admin = world.admin().await;
    admin.get("/api/v1/me").await.status(200);
    let listed = admin.get("/api/v1/tokens").await.status(200);
    let id = listed.items()[0]["id"].as_i64().unwrap();
    assert_eq!(listed.items()[0]["name"], "test");
    admin
        .delete(&format!("/api/v1/tokens/{id}"))
        .await
        .status(204);
    admin.get("/api/v1/me").await.status(401);
}

async fn strangers_are_told_nothing(world: World) {
    let stranger = world.stranger();
    for path in [
        "/api/v1/me",
        "/api/v1/nothing",
        "/api/v1",
        "/api/v1/users/x",
    ] {
        let answer = stranger.get(path).await.status(401);
        assert_eq!(answer.headers["www-authenticate"], "Bearer");
    }
    stranger.get("/healthz").await.status(200);
    stranger.get("/readyz").await.status(200);
    stranger.get("/nothing").await.status(404);
    let answer = stranger.get("/api/v1/login").await.status(405);
    assert_eq!(answer.headers["allow"], "POST");
}
