//! The server itself: health, figures, and what it does where its database is in the way.

use landfall_protocol::path::HEARTBEAT;
use serde_json::json;

use crate::harness::{Device, World, both};

both!(
    the_ends_of_the_numbers_are_no_defect,
    it_says_how_it_is,
    a_burst_of_writes_is_all_there,
    a_failed_job_leaves_nothing
);

async fn it_says_how_it_is(world: World) {
    let stranger = world.stranger();
    stranger.get("/healthz").await.status(200);
    stranger.get("/readyz").await.status(200);
    world.admin().await.get("/api/v1/users").await.status(200);
    let device = Device::claimed(&world, 1).await;
    device.told(json!({})).await;
    stranger.post(HEARTBEAT, json!({})).await;
    let answer = stranger.get("/metrics").await.status(200);
    assert_eq!(
        answer.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    for line in [
        "landfall_http_requests_total{method=\"GET\",route=\"/api/v1/users\",status=\"200\"} 1",
        "landfall_heartbeats_total{result=\"taken\"} 1",
        "landfall_heartbeats_total{result=\"refused\"} 1",
        "landfall_devices{state=\"online\"} 1",
        "landfall_devices{state=\"offline\"} 0",
        "landfall_devices_available 1",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}: {text}");
    }
    assert!(!text.contains("admin"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (_, value) = line.rsplit_once(' ').unwrap();
        value.parse::<f64>().unwrap();
    }
}

async fn a_burst_of_writes_is_all_there(mut world: World) {
    let admin = world.admin().await;
    let tasks: Vec<_> = (0..60)
        .map(|n| {
            let admin = admin.clone();
            let body = json!({"name": format!("t{n:02}")});
            tokio::spawn(async move { admin.post("/api/v1/tokens", body).await.status(201) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    world.restart().await;
    let admin = admin.at(world.server().address());
    let listed = admin.get("/api/v1/tokens?limit=200").await.status(200);
    let mut names: Vec<_> = listed
        .items()
        .iter()
        .filter_map(|token| token["name"].as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 61);
}

async fn a_failed_job_leaves_nothing(world: World) {
    let database = world.server().app().database.clone();
    let insert = "INSERT INTO settings (name, value) VALUES ('late_after_s', 7)";
    let failed = database.write(async move |mut tx| {
        sqlx::query(insert).execute(&mut *tx).await?;
        Err::<(), _>(landfall_server::DatabaseError::Taken)
    });
    let panicked = database.write(async move |mut tx| {
        sqlx::query(insert).execute(&mut *tx).await?;
        if true {
            panic!("a defect of a job");
        }
        Ok::<_, landfall_server::DatabaseError>(())
    });
    let wrong = database.write(async |mut tx| {
        sqlx::query("INSERT INTO nowhere VALUES (1)")
            .execute(&mut *tx)
            .await?;
        Ok::<_, landfall_server::DatabaseError>(())
    });
    let good = database.write(async |mut tx| {
        let sql = "INSERT INTO settings (name, value) VALUES ('heartbeat_ms', 1234)";
        sqlx::query(sql).execute(&mut *tx).await?;
        Ok::<_, landfall_server::DatabaseError>(())
    });
    // All in one group, or one by one: it makes no difference.
    let (failed, panicked, wrong, good) = tokio::join!(failed, panicked, wrong, good);
    assert!(failed.is_err() && wrong.is_err());
    let defect = landfall_server::DatabaseError::Defect;
    assert_eq!(panicked.unwrap_err().to_string(), defect.to_string());
    good.unwrap();
    let mut connection = database.read().await.unwrap();
    let kept: Vec<(String, i64)> = sqlx::query_as("SELECT name, value FROM settings")
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    assert_eq!(kept, [("heartbeat_ms".to_owned(), 1234)]);
}

async fn the_ends_of_the_numbers_are_no_defect(world: World) {
    let admin = world.admin().await;
    for id in [i64::MIN, -1, 0, i64::MAX] {
        for path in ["tokens", "assignments", "enrolments", "claims"] {
            admin
                .delete(&format!("/api/v1/{path}/{id}"))
                .await
                .status(404);
        }
        for path in ["sessions", "rollouts"] {
            admin.get(&format!("/api/v1/{path}/{id}")).await.status(404);
        }
        admin
            .post(&format!("/api/v1/sessions/{id}/end"), json!({}))
            .await
            .status(404);
        let cursor: String = id
            .to_string()
            .bytes()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        for path in [
            "audit",
            "tokens",
            "assignments",
            "enrolments",
            "sessions",
            "rollouts",
        ] {
            let answer = admin
                .get(&format!("/api/v1/{path}?limit=1&cursor={cursor}"))
                .await;
            assert!(
                matches!(answer.code, 200 | 422),
                "{path} {id}: {}",
                answer.code
            );
        }
    }
}
