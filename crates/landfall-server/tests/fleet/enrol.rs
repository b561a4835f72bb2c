//! How devices come into the fleet: by claims, and pending.

use landfall_protocol::claim::{Claim, Nonce};
use landfall_protocol::key::DeviceKey;
use landfall_protocol::path::ENROLL;
use serde_json::{Value, json};

use crate::harness::device::{claim_request, id_of, key_of};
use crate::harness::{Client, Device, World, both};

both!(
    a_claim_enrols_once_and_repeats_its_answer,
    five_wrong_proofs_end_a_claim,
    a_claim_expires_and_is_deleted,
    a_claim_swaps_the_key_of_a_device,
    claims_are_listed_without_their_secrets,
    a_pending_device_is_accepted_by_its_fingerprint,
    so_many_wait_and_no_more,
    another_key_for_a_bound_id_is_an_alert,
    keys_rotate_with_an_overlap_of_two,
    the_form_of_an_enrolment_is_checked,
);

async fn claim(admin: &Client, body: Value) -> Claim {
    let made = admin.post("/api/v1/claims", body).await.status(201);
    assert_eq!(made.json["qr"], made.json["code"]);
    let claim = Claim::parse(made.json["code"].as_str().unwrap()).unwrap();
    assert_eq!(made.json["id"], claim.id());
    claim
}

async fn a_claim_enrols_once_and_repeats_its_answer(world: World) {
    let (admin, stranger) = (world.admin().await, world.stranger());
    let claim = claim(&admin, json!({"labels": ["hall", "hall"], "room": "B1"})).await;
    let (id, nonce) = (id_of(1), Nonce([7; 16]));
    let ask = claim_request(&claim, &id, nonce);
    let first = stranger.post(ENROLL, ask.clone()).await.status(201).json;
    assert_eq!(
        (&first["hardware_id"], &first["status"]),
        (&json!(id.as_str()), &json!("accepted"))
    );
    let again = stranger.post(ENROLL, ask.clone()).await.status(201).json;
    assert_eq!(first, again);
    let other_nonce = claim_request(&claim, &id, Nonce([8; 16]));
    stranger.post(ENROLL, other_nonce).await.status(403);
    let other_device = claim_request(&claim, &id_of(2), nonce);
    stranger.post(ENROLL, other_device).await.status(403);
    let key = key_of(&claim, &id, nonce, &first);
    let device = Device::with_key(&world, id, key);
    device.told(json!({})).await;
    let shown = admin.get(&device.path("")).await.status(200).json;
    assert_eq!(shown["enrolment"], "accepted");
    assert_eq!(
        (&shown["labels"], &shown["room"]),
        (&json!(["hall"]), &json!("B1"))
    );
    assert_eq!(shown["fingerprint"], device.key.fingerprint().to_string());
    world.clock.advance_ms(10 * 60 * 1000 + 1);
    stranger.post(ENROLL, ask).await.status(403);
}

async fn five_wrong_proofs_end_a_claim(world: World) {
    let (admin, stranger) = (world.admin().await, world.stranger());
    for (wrong, then) in [(4, 201), (5, 403)] {
        let claim = claim(&admin, json!({})).await;
        let right = claim_request(&claim, &id_of(wrong), Nonce([1; 16]));
        for proof in ["00", "zz", &"0".repeat(64), &"f".repeat(64), ""]
            .iter()
            .take(wrong.into())
        {
            let mut ask = right.clone();
            ask["proof"] = (*proof).into();
            stranger.post(ENROLL, ask).await.status(403);
        }
        stranger.post(ENROLL, right).await.status(then);
    }
}

async fn a_claim_expires_and_is_deleted(world: World) {
    let (admin, stranger) = (world.admin().await, world.stranger());
    let short = claim(&admin, json!({"expires_in_s": 1})).await;
    let deleted = claim(&admin, json!({})).await;
    let path = format!("/api/v1/claims/{}", deleted.id());
    admin.delete(&path).await.status(204);
    admin.delete(&path).await.status(404);
    world.clock.advance_ms(1_000);
    for claim in [short, deleted, Claim::from_random(&[9; 16])] {
        let ask = claim_request(&claim, &id_of(1), Nonce([1; 16]));
        stranger.post(ENROLL, ask).await.status(403);
    }
    for wrong in [json!(0), json!(2_592_001), json!("x")] {
        let answer = admin
            .post("/api/v1/claims", json!({"expires_in_s": wrong}))
            .await;
        assert_eq!(answer.status(422).wrong_paths(), ["expires_in_s"]);
    }
    claim(&admin, json!({"expires_in_s": 2_592_000})).await;
}

async fn a_claim_swaps_the_key_of_a_device(world: World) {
    let old = Device::claimed(&world, 1).await;
    assert_eq!(old.sealed(old.next_seq() + 1000, json!({})).await.0, 200);
    let new = Device::claimed(&world, 1).await;
    assert_ne!(old.key, new.key);
    old.told(json!({})).await;
    // Its flash was lost: its numbers begin again, under the new key.
    assert_eq!(new.sealed(1, json!({})).await.0, 200);
    assert_eq!(new.sealed(1, json!({})).await.0, 401);
    assert_eq!(old.beat(json!({})).await.code, 403);
    new.told(json!({})).await;
}

async fn claims_are_listed_without_their_secrets(world: World) {
    let (admin, stranger) = (world.admin().await, world.stranger());
    let open = claim(&admin, json!({})).await;
    let used = claim(&admin, json!({})).await;
    let ask = claim_request(&used, &id_of(1), Nonce([1; 16]));
    stranger.post(ENROLL, ask).await.status(201);
    let listed = admin.get("/api/v1/claims").await.status(200);
    assert_eq!(listed.items().len(), 2);
    for claim in [&open, &used] {
        let text = listed.json.to_string();
        assert!(text.contains(claim.id()) && !text.contains(claim.expose_secret()));
    }
    let mut states: Vec<&str> = listed
        .items()
        .iter()
        .filter_map(|one| one["state"].as_str())
        .collect();
    states.sort_unstable();
    assert_eq!(states, ["open", "used"]);
    let keyed = admin.header("idempotency-key", "one");
    let first = keyed
        .post("/api/v1/claims", json!({}))
        .await
        .status(201)
        .json;
    let again = keyed
        .post("/api/v1/claims", json!({}))
        .await
        .status(201)
        .json;
    assert_eq!(first, again);
    keyed
        .post("/api/v1/claims", json!({"room": "B2"}))
        .await
        .status(422);
}

async fn a_pending_device_is_accepted_by_its_fingerprint(world: World) {
    let (admin, stranger) = (world.admin().await, world.stranger());
    let device = Device::with_key(&world, id_of(1), DeviceKey::new([5; 32]));
    let ask =
        json!({"hardware_id": device.id.as_str(), "device_key": device.key.to_hex().as_str()});
    let waits = stranger.post(ENROLL, ask.clone()).await.status(202).json;
    let fingerprint = device.key.fingerprint().to_string();
    assert_eq!(
        waits,
        json!({"hardware_id": device.id.as_str(), "status": "pending", "fingerprint": fingerprint})
    );
    assert_eq!(device.beat(json!({})).await.code, 403);
    assert_eq!(device.sealed(1, json!({})).await.0, 403);
    let pending = admin
        .get("/api/v1/devices?enrolment=pending")
        .await
        .status(200);
    assert_eq!(pending.items()[0]["fingerprint"], fingerprint);
    assert_eq!(
        pending.json["summary"],
        json!({"total": 0, "online": 0, "offline": 0, "never_seen": 0, "available": 0, "pending": 1, "retired": 0})
    );
    let other = json!({"fingerprint": "0123456789abcdef"});
    admin.post(&device.path("/accept"), other).await.status(409);
    let accept = json!({"fingerprint": fingerprint});
    let shown = admin
        .post(&device.path("/accept"), accept.clone())
        .await
        .status(200)
        .json;
    assert_eq!(shown["enrolment"], "accepted");
    admin
        .post(&device.path("/accept"), accept)
        .await
        .status(409);
    let accepted = stranger.post(ENROLL, ask).await.status(200).json;
    assert_eq!(
        (&accepted["status"], &accepted["fingerprint"]),
        (&json!("accepted"), &json!(fingerprint))
    );
    device.told(json!({})).await;
}

async fn so_many_wait_and_no_more(world: World) {
    let stranger = world.stranger();
    let ask = |number: u32| {
        let [_, _, a, b] = number.to_be_bytes();
        let id = landfall_protocol::hardware_id::HardwareId::of_mac([2, 0, 0, 0, a, b]);
        json!({"hardware_id": id.as_str(), "device_key": "ab".repeat(32)})
    };
    for number in 0..1000 {
        stranger.post(ENROLL, ask(number)).await.status(202);
    }
    let answer = stranger.post(ENROLL, ask(1000)).await.status(429);
    assert!(answer.headers.contains_key("retry-after"));
    stranger.post(ENROLL, ask(7)).await.status(202);
}

async fn another_key_for_a_bound_id_is_an_alert(world: World) {
    let device = Device::claimed(&world, 1).await;
    device.told(json!({})).await;
    let (admin, stranger) = (world.admin().await, world.stranger());
    let other = DeviceKey::new([6; 32]);
    let ask = json!({"hardware_id": device.id.as_str(), "device_key": other.to_hex().as_str()});
    stranger.post(ENROLL, ask.clone()).await.status(403);
    stranger.post(ENROLL, ask.clone()).await.status(403);
    let shown = admin.get(&device.path("")).await.status(200).json;
    assert_eq!(shown["alerts"].as_array().unwrap().len(), 1);
    assert_eq!(shown["alerts"][0]["kind"], "other_key");
    let audit = admin.get("/api/v1/audit").await.status(200);
    let alert = audit
        .items()
        .iter()
        .find(|one| one["action"] == "device.alert");
    assert_eq!(alert.unwrap()["target"], device.id.as_str());
    device.told(json!({})).await;
    // An admin swaps it: the old key goes, the other may be shown and accepted.
    let key = shown["keys"][0]["id"].as_i64().unwrap();
    admin
        .post(&device.path(&format!("/keys/{key}/revoke")), json!({}))
        .await
        .status(200);
    stranger.post(ENROLL, ask).await.status(202);
    let accept = json!({"fingerprint": other.fingerprint().to_string()});
    admin
        .post(&device.path("/accept"), accept)
        .await
        .status(200);
    Device::with_key(&world, device.id, other)
        .told(json!({}))
        .await;
}

async fn keys_rotate_with_an_overlap_of_two(world: World) {
    let device = Device::claimed(&world, 1).await;
    device.told(json!({})).await;
    let admin = world.admin().await;
    let rotate = device.path("/keys/rotate");
    let valid = |shown: &Value| {
        let keys = shown["keys"].as_array().unwrap().iter();
        keys.filter(|key| key["revoked_at"].is_null()).count()
    };
    for _ in 0..3 {
        let shown = admin.post(&rotate, json!({})).await.status(200).json;
        assert_eq!(valid(&shown), 2);
    }
    let (code, told) = device.sealed(device.next_seq(), json!({})).await;
    assert_eq!(code, 200);
    let told_again = device.told(json!({})).await;
    assert_eq!(told["new_key"], told_again["new_key"]);
    let key = DeviceKey::parse(told["new_key"].as_str().unwrap()).unwrap();
    let new = Device::with_key(&world, device.id, key);
    let told = new.told(json!({})).await;
    assert_eq!(told.get("new_key"), None);
    assert_eq!(device.beat(json!({})).await.code, 403);
    let shown = admin.get(&device.path("")).await.status(200).json;
    assert_eq!(valid(&shown), 1);
    assert_eq!(shown["fingerprint"], new.key.fingerprint().to_string());
    assert!(!shown.to_string().contains(new.key.to_hex().as_str()));
    admin
        .post(&device.path("/keys/999999/revoke"), json!({}))
        .await
        .status(404);
}

async fn the_form_of_an_enrolment_is_checked(world: World) {
    let stranger = world.stranger();
    stranger.send("POST", ENROLL, "{").await.status(400);
    for (body, path) in [
        (json!({}), "hardware_id"),
        (
            json!({"hardware_id": "LF-246f2856789a", "device_key": "00"}),
            "hardware_id",
        ),
        (json!({"hardware_id": "lf-246f2856789a"}), "claim_id"),
        (
            json!({"hardware_id": "lf-246f2856789a", "device_key": "00"}),
            "device_key",
        ),
        (
            json!({"hardware_id": "lf-246f2856789a", "claim_id": "AAAAA"}),
            "device_nonce",
        ),
        (
            json!({"hardware_id": "lf-246f2856789a", "claim_id": "AAAAA", "device_nonce": "00".repeat(16)}),
            "proof",
        ),
    ] {
        let answer = stranger.post(ENROLL, body).await.status(422);
        assert_eq!(answer.wrong_paths(), [path]);
    }
    stranger.get(ENROLL).await.status(405);
}
