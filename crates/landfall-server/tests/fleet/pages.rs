//! What pages stand on: logging in by a form, forms of our own alone, and headers.

use serde_json::json;

use crate::harness::{Client, World, both};

both!(one_logs_in_and_out_by_forms, a_page_is_guarded);

/// What browsers send forms as.
const FORM: &str = "application/x-www-form-urlencoded";

/// A browser without a login.
fn form_sender(world: &World) -> Client {
    world.stranger().header("content-type", FORM)
}

async fn one_logs_in_and_out_by_forms(world: World) {
    let stranger = form_sender(&world);
    let page = stranger.get("/login?next=%2Fsessions").await.status(200);
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(html.contains("value=\"/sessions\""), "{html}");
    let form = "username=admin&password=wrong&next=%2Fsessions";
    let refused = stranger.send("POST", "/login", form).await;
    assert_eq!(refused.code, 401);
    assert_eq!(refused.headers["content-type"], "text/html; charset=utf-8");
    let form = format!(
        "username=admin&password={}&next=%2Fsessions",
        world.password()
    );
    let evil = stranger.header("origin", "http://evil.example");
    assert_eq!(evil.send("POST", "/login", form.clone()).await.code, 403);
    let answer = stranger.send("POST", "/login", form).await.status(303);
    assert_eq!(answer.headers["location"], "/sessions");
    let cookie = answer.headers["set-cookie"]
        .to_str()
        .unwrap()
        .split_once(';')
        .unwrap()
        .0;
    let browser = stranger.header("cookie", cookie);
    browser.get("/api/v1/me").await.status(200);
    // The form's token is the one that the API's login gives.
    let login = world.login("admin", world.password()).await;
    let out = login.without("x-csrf-token").header("content-type", FORM);
    assert_eq!(
        out.send("POST", "/logout", "csrf_token=wrong").await.code,
        403
    );
    login.get("/api/v1/me").await.status(200);
    let token = login.value("x-csrf-token");
    let form = format!("csrf_token={token}");
    let answer = out.send("POST", "/logout", form).await.status(303);
    assert_eq!(answer.headers["location"], "/login");
    login.get("/api/v1/me").await.status(401);
    browser.get("/api/v1/me").await.status(200);
}

async fn a_page_is_guarded(world: World) {
    let answer = world.stranger().get("/login").await.status(200);
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let away = world
        .stranger()
        .send("POST", "/logout", "")
        .await
        .status(303);
    assert_eq!(away.headers["location"], "/login?next=/");
    let blocked = json!({"username": "admin", "password": "wrong"});
    for _ in 0..6 {
        world
            .stranger()
            .post("/api/v1/login", blocked.clone())
            .await;
    }
    let answer = form_sender(&world)
        .send("POST", "/login", "username=admin&password=x")
        .await;
    assert_eq!(answer.code, 429);
    assert!(answer.headers.contains_key("retry-after"));
}
