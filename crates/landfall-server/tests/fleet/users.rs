//! Users: made, changed, removed, and never the last admin.

use serde_json::json;

use crate::harness::{World, both};

both!(
    a_user_is_made_once_with_a_password_of_ours_or_theirs,
    a_wrong_value_is_named,
    the_last_admin_stays,
    a_change_ends_what_it_has_to,
    users_are_listed_in_pages,
);

async fn a_user_is_made_once_with_a_password_of_ours_or_theirs(world: World) {
    let admin = world.admin().await;
    let made = admin
        .post(
            "/api/v1/users",
            json!({"username": "ada", "role": "lecturer"}),
        )
        .await;
    let made = made.status(201);
    let password = made.json["password"].as_str().unwrap();
    assert_eq!(made.json["role"], "lecturer");
    assert_eq!(made.json["enabled"], true);
    world
        .login("ada", password)
        .await
        .get("/api/v1/me")
        .await
        .status(200);
    let again = json!({"username": "ada", "role": "student"});
    admin.post("/api/v1/users", again).await.status(409);
    let body = json!({
        "username": "CSC/2020/001", "role": "student", "password": "long enough",
        "name": "Ada", "matric": " csc/2020/001 ", "unknown": {"member": 1},
    });
    let made = admin.post("/api/v1/users", body).await.status(201);
    assert_eq!(made.json.get("password"), None);
    assert_eq!(made.json["matric"], "csc/2020/001");
    world
        .login("CSC/2020/001", "long enough")
        .await
        .get("/api/v1/me")
        .await
        .status(200);
    admin
        .delete("/api/v1/users/CSC%2F2020%2F001")
        .await
        .status(204);
    admin
        .delete("/api/v1/users/CSC%2F2020%2F001")
        .await
        .status(404);
}

async fn a_wrong_value_is_named(world: World) {
    let admin = world.admin().await;
    for (body, paths) in [
        (json!({}), vec!["username"]),
        (json!({"username": "a"}), vec!["role"]),
        (json!({"username": "a", "role": "king"}), vec!["role"]),
        (json!({"username": "", "role": "admin"}), vec!["username"]),
        (json!({"username": " a", "role": "admin"}), vec!["username"]),
        (
            json!({"username": "a\u{0}", "role": "admin"}),
            vec!["username"],
        ),
        (
            json!({"username": "a".repeat(65), "role": "admin"}),
            vec!["username"],
        ),
        (json!({"username": 7, "role": "admin"}), vec!["username"]),
        (
            json!({"username": "a", "role": "admin", "password": "short"}),
            vec!["password"],
        ),
        (
            json!({"username": "\n", "role": "admin", "matric": "x", "name": "a".repeat(65)}),
            vec!["username", "name", "matric"],
        ),
    ] {
        let answer = admin.post("/api/v1/users", body).await.status(422);
        assert_eq!(answer.wrong_paths(), paths);
    }
    for body in ["", "{", "\"\\ud800\"", "\u{feff}{}", "nonsense"] {
        admin.send("POST", "/api/v1/users", body).await.status(400);
    }
    admin
        .send("POST", "/api/v1/users", vec![0xff, 0xfe])
        .await
        .status(400);
    admin
        .send("POST", "/api/v1/users", "[".repeat(100_000))
        .await
        .status(400);
    admin
        .send("POST", "/api/v1/users", " ".repeat(256 * 1024 + 1))
        .await
        .status(413);
    assert_eq!(admin.get("/api/v1/users").await.items().len(), 1);
}

async fn the_last_admin_stays(world: World) {
    let admin = world.admin().await;
    let path = "/api/v1/users/admin";
    admin.delete(path).await.status(409);
    admin
        .patch(path, json!({"enabled": false}))
        .await
        .status(409);
    admin
        .patch(path, json!({"role": "lecturer"}))
        .await
        .status(409);
    let disabled = json!({"username": "b", "role": "admin", "enabled": false});
    admin.post("/api/v1/users", disabled).await.status(201);
    admin.delete(path).await.status(409);
    admin
        .patch("/api/v1/users/b", json!({"enabled": true}))
        .await
        .status(200);
    admin.delete(path).await.status(204);
    admin.get("/api/v1/me").await.status(401);
}

async fn a_change_ends_what_it_has_to(world: World) {
    let admin = world.admin().await;
    let body = json!({"username": "ada", "role": "lecturer", "password": "first password"});
    admin.post("/api/v1/users", body).await.status(201);
    let browser = world.login("ada", "first password").await;
    let program = world.token_of("ada", "first password").await;
    let path = "/api/v1/users/ada";
    let changed = admin
        .patch(path, json!({"name": "Ada", "matric": "AB/12"}))
        .await
        .status(200);
    assert_eq!(
        (&changed.json["name"], &changed.json["matric"]),
        (&json!("Ada"), &json!("AB/12"))
    );
    let changed = admin.patch(path, json!({"matric": null})).await.status(200);
    assert_eq!(
        (&changed.json["name"], &changed.json["matric"]),
        (&json!("Ada"), &json!(null))
    );
    browser.get("/api/v1/me").await.status(200);
    admin
        .patch(path, json!({"password": "second password"}))
        .await
        .status(200);
    browser.get("/api/v1/me").await.status(401);
    let browser = world.login("ada", "second password").await;
    program.get("/api/v1/me").await.status(200);
    admin
        .patch(path, json!({"role": "student"}))
        .await
        .status(200);
    assert_eq!(browser.get("/api/v1/me").await.json["role"], "student");
    admin
        .patch(path, json!({"enabled": false}))
        .await
        .status(200);
    browser.get("/api/v1/me").await.status(401);
    program.get("/api/v1/me").await.status(401);
    let body = json!({"username": "ada", "password": "second password"});
    world
        .stranger()
        .post("/api/v1/login", body)
        .await
        .status(401);
    admin
        .patch("/api/v1/users/nobody", json!({}))
        .await
        .status(404);
}

async fn users_are_listed_in_pages(world: World) {
    let admin = world.admin().await;
    for n in 0..5 {
        let body = json!({"username": format!("u{n}"), "role": "student"});
        admin.post("/api/v1/users", body).await.status(201);
    }
    let (mut names, mut next) = (Vec::new(), String::new());
    loop {
        let page = admin
            .get(&format!("/api/v1/users?limit=2{next}"))
            .await
            .status(200);
        assert!(page.items().len() <= 2);
        names.extend(
            page.items()
                .iter()
                .map(|user| user["username"].as_str().unwrap().to_owned()),
        );
        match page.json["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(names, ["admin", "u0", "u1", "u2", "u3", "u4"]);
    for (query, path) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("limit=-1", "limit"),
        ("cursor=%00", ""),
        ("cursor=zz", "cursor"),
    ] {
        let answer = admin
            .get(&format!("/api/v1/users?{query}"))
            .await
            .status(422);
        assert_eq!(answer.wrong_paths(), [path], "{query}");
    }
    admin
        .get("/api/v1/users?limit=200&unknown=1")
        .await
        .status(200);
    let answer = admin.get("/api/v1/audit?cursor=6162").await.status(422);
    assert_eq!(answer.wrong_paths(), ["cursor"]);
}
