//! Logging in and out, tokens, what strangers see, and what another site cannot do.

use serde_json::json;

use crate::harness::{World, both};

both!(
    a_login_is_known_by_its_cookie_and_survives_a_restart,
    a_token_acts_for_its_user,
    strangers_are_told_nothing,
    writes_by_cookie_need_the_token_and_our_own_origin,
    another_site_cannot_log_anybody_in,
    more_than_five_wrong_passwords_a_minute_block_the_right_one,
    a_wrong_password_is_counted_for_its_user_alone_elsewhere,
    a_malformed_login_is_no_wrong_password,
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
    assert!(listed.items()[0].get("token").is_none());
    admin
        .post("/api/v1/tokens", json!({"name": ""}))
        .await
        .status(422);
    admin.delete("/api/v1/tokens/4711").await.status(404);
    admin.delete("/api/v1/tokens/x").await.status(404);
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
        "/api/v1/%00",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let answer = stranger.send(method, path, "not json").await.status(401);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    for wrong in ["Bearer nobody", "Bearer ", "Basic YTpi", "nonsense"] {
        stranger
            .header("authorization", wrong)
            .get("/api/v1/me")
            .await
            .status(401);
    }
    stranger
        .header("cookie", "landfall_session=nobody")
        .get("/api/v1/me")
        .await
        .status(401);
    stranger.get("/nothing").await.status(404);
    let answer = stranger.get("/api/v1/login").await.status(405);
    assert_eq!(answer.headers["allow"], "POST");
    let admin = world.admin().await;
    admin.get("/api/v1/nothing").await.status(404);
    let answer = admin.delete("/api/v1/users").await.status(405);
    assert_eq!(answer.headers["allow"], "GET,HEAD,POST");
}

async fn writes_by_cookie_need_the_token_and_our_own_origin(world: World) {
    let browser = world.login("admin", world.password()).await;
    let without = browser.without("x-csrf-token");
    without.get("/api/v1/tokens").await.status(200);
    let own = format!("http://{}", world.server().address());
    for refused in [
        without.clone(),
        browser.header("x-csrf-token", "wrong"),
        browser.header("origin", "http://evil.example"),
        browser.header("origin", "null"),
        browser.header("sec-fetch-site", "cross-site"),
        browser.header("sec-fetch-site", "same-site"),
    ] {
        refused
            .post("/api/v1/tokens", json!({"name": "a"}))
            .await
            .status(403);
        refused
            .patch("/api/v1/settings", json!({"heartbeat_ms": 1000}))
            .await
            .status(403);
        refused.delete("/api/v1/users/admin").await.status(403);
    }
    let settings = browser.get("/api/v1/settings").await.status(200);
    assert_eq!(settings.json["heartbeat_ms"], 30_000);
    assert!(browser.get("/api/v1/tokens").await.items().is_empty());
    let same = browser
        .header("origin", &own)
        .header("sec-fetch-site", "same-origin");
    same.post("/api/v1/tokens", json!({"name": "a"}))
        .await
        .status(201);
    browser
        .post("/api/v1/tokens", json!({"name": "b"}))
        .await
        .status(201);
    // A token is sent on purpose: where it comes from does not matter.
    let program = world.admin().await.header("origin", "http://evil.example");
    program
        .post("/api/v1/tokens", json!({"name": "c"}))
        .await
        .status(201);
}

async fn another_site_cannot_log_anybody_in(world: World) {
    let body = json!({"username": "admin", "password": world.password()});
    let stranger = world.stranger();
    let evil = stranger.header("origin", "http://evil.example");
    evil.post("/api/v1/login", body.clone()).await.status(403);
    let answer = stranger.post("/api/v1/login", body).await.status(200);
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    let (value, rest) = cookie.split_once(';').unwrap();
    assert!(value.starts_with("landfall_session="), "{value}");
    assert_eq!(rest, " Path=/; HttpOnly; SameSite=Lax; Max-Age=604800");
    assert_eq!(answer.json["role"], "admin");
}

async fn more_than_five_wrong_passwords_a_minute_block_the_right_one(world: World) {
    let stranger = world.stranger();
    let wrong = json!({"username": "admin", "password": "wrong"});
    let right = json!({"username": "admin", "password": world.password()});
    for _ in 0..5 {
        stranger
            .post("/api/v1/login", wrong.clone())
            .await
            .status(401);
    }
    stranger
        .post("/api/v1/login", right.clone())
        .await
        .status(200);
    let answer = stranger.post("/api/v1/login", wrong).await.status(429);
    let after: u32 = answer.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&after), "{after}");
    let answer = stranger
        .post("/api/v1/login", right.clone())
        .await
        .status(429);
    assert!(answer.headers.contains_key("retry-after"));
    world.clock.advance_ms(61_000);
    stranger.post("/api/v1/login", right).await.status(200);
    let admin = world.admin().await;
    let audit = admin.get("/api/v1/audit?limit=200").await.status(200);
    let refused = audit
        .items()
        .iter()
        .filter(|entry| entry["action"] == "login.refused");
    assert_eq!(refused.count(), 6);
    assert!(!audit.json.to_string().contains("wrong\""));
}

async fn a_wrong_password_is_counted_for_its_user_alone_elsewhere(world: World) {
    // Every request comes from loopback here: what is counted by address blocks everybody.
    let stranger = world.stranger();
    for n in 0..6 {
        let body = json!({"username": format!("nobody{n}"), "password": "wrong"});
        let code = stranger.post("/api/v1/login", body).await.code;
        assert_eq!(code, if n < 5 { 401 } else { 429 });
    }
    let right = json!({"username": "admin", "password": world.password()});
    stranger.post("/api/v1/login", right).await.status(429);
}

async fn a_malformed_login_is_no_wrong_password(world: World) {
    let stranger = world.stranger();
    for _ in 0..3 {
        stranger.send("POST", "/api/v1/login", "").await.status(400);
        stranger
            .send("POST", "/api/v1/login", "{")
            .await
            .status(400);
        stranger.post("/api/v1/login", json!([])).await.status(422);
        let answer = stranger
            .post("/api/v1/login", json!({"username": "a"}))
            .await
            .status(422);
        assert_eq!(answer.wrong_paths(), ["password"]);
    }
    stranger
        .send("POST", "/api/v1/login", vec![b' '; 300 * 1024])
        .await
        .status(413);
    world.login("admin", world.password()).await;
}
