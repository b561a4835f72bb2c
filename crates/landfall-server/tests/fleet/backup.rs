//! Backup beside a running server, restore into either kind, and a password that was lost.

use std::path::PathBuf;

use landfall_server::{BackupError, backup, reset_password, restore};
use serde_json::json;

use crate::harness::{Kind, World, both};

both!(
    a_backup_brings_the_fleet_back,
    what_is_not_empty_is_not_overwritten_by_accident,
    a_lost_password_is_replaced_beside_the_server,
);

/// A world with something in it, its backup, and the database's address.
async fn backed_up(world: &World) -> PathBuf {
    let admin = world.admin().await;
    for n in 0..30 {
        let body = json!({"username": format!("user{n}"), "role": "student", "matric": null});
        admin.post("/api/v1/users", body).await.status(201);
    }
    admin
        .patch("/api/v1/settings", json!({"late_after_s": 42}))
        .await
        .status(200);
    let file = world.folder.path().join("fleet.backup");
    backup(world.url(), &file).await.unwrap();
    // A second one replaces the first.
    backup(world.url(), &file).await.unwrap();
    let names = std::fs::read_dir(world.folder.path()).unwrap();
    let left = names.filter(|name| {
        name.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains("unfinished")
    });
    assert_eq!(left.count(), 0);
    file
}

async fn a_backup_brings_the_fleet_back(world: World) {
    let file = backed_up(&world).await;
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut other = World::start(kind).await;
        other.stop().await;
        let refused = restore(other.url(), &file, false).await;
        assert!(matches!(refused, Err(BackupError::NotEmpty)), "{refused:?}");
        restore(other.url(), &file, true).await.unwrap();
        other.restart().await;
        assert_eq!(other.server().admin_password(), None);
        let admin = other.login("admin", world.password()).await;
        let users = admin.get("/api/v1/users?limit=200").await.status(200);
        assert_eq!(users.items().len(), 31);
        assert_eq!(admin.get("/api/v1/settings").await.json["late_after_s"], 42);
        // The counters go on behind what was restored.
        admin
            .post("/api/v1/tokens", json!({"name": "new"}))
            .await
            .status(201);
        let body = json!({"username": "new", "role": "student"});
        admin.post("/api/v1/users", body).await.status(201);
    }
}

async fn what_is_not_empty_is_not_overwritten_by_accident(mut world: World) {
    let file = backed_up(&world).await;
    let admin = world.admin().await;
    admin.delete("/api/v1/users/user0").await.status(204);
    let refused = restore(world.url(), &file, false).await;
    assert!(matches!(refused, Err(BackupError::NotEmpty)), "{refused:?}");
    assert_eq!(admin.get("/api/v1/users?limit=200").await.items().len(), 30);
    world.stop().await;
    let text = world.folder.path().join("text");
    std::fs::write(&text, "no backup").unwrap();
    let refused = restore(world.url(), &text, true).await;
    assert!(matches!(refused, Err(BackupError::NoBackup)), "{refused:?}");
    let nowhere = world.folder.path().join("nowhere");
    let refused = restore(world.url(), &nowhere, true).await;
    assert!(matches!(refused, Err(BackupError::File(_))), "{refused:?}");
    let missing = backup(&format!("sqlite:{}", nowhere.display()), &text).await;
    assert!(matches!(missing, Err(BackupError::Missing)), "{missing:?}");
    world.restart().await;
    let admin = admin.at(world.server().address());
    assert_eq!(admin.get("/api/v1/users?limit=200").await.items().len(), 30);
}

async fn a_lost_password_is_replaced_beside_the_server(world: World) {
    let browser = world.login("admin", world.password()).await;
    let password = reset_password(world.url(), "admin").await.unwrap();
    browser.get("/api/v1/me").await.status(401);
    world
        .login("admin", &password)
        .await
        .get("/api/v1/me")
        .await
        .status(200);
    let old = json!({"username": "admin", "password": world.password()});
    world
        .stranger()
        .post("/api/v1/login", old)
        .await
        .status(401);
    assert!(reset_password(world.url(), "nobody").await.is_err());
    let nowhere = format!("sqlite:{}", world.folder.path().join("nowhere").display());
    assert!(reset_password(&nowhere, "admin").await.is_err());
    assert!(!world.folder.path().join("nowhere").exists());
}
