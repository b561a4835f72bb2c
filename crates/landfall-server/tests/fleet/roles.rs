//! Who may ask for what: every route of the document, with every role. A route that is not in the table
//! fails the test; so does one that lets in whom the table does not.

use serde_json::{Value, json};

use crate::harness::{Client, World, both};

both!(every_route_lets_in_whom_it_should);

/// Who is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lets {
    /// Anyone, without credentials.
    Anyone,
    /// Devices by their own keys: a person's credentials are nothing here.
    Device,
    /// Every role.
    Known,
    /// Admins and lecturers; what is a lecturer's own is the resource's own test.
    Staff,
    /// Admins.
    Admin,
}
use Lets::{Admin, Anyone, Device, Known, Staff};

/// Method and path as the document has them, and who is let in.
const ROUTES: &[(&str, &str, Lets)] = &[
    ("get", "/healthz", Anyone),
    ("get", "/readyz", Anyone),
    ("get", "/metrics", Anyone),
    ("post", "/api/v1/login", Anyone),
    ("get", "/api/v1/me", Known),
    ("get", "/api/v1/tokens", Known),
    ("post", "/api/v1/tokens", Known),
    ("delete", "/api/v1/tokens/{id}", Known),
    ("get", "/api/v1/users", Admin),
    ("post", "/api/v1/users", Admin),
    ("patch", "/api/v1/users/{username}", Admin),
    ("delete", "/api/v1/users/{username}", Admin),
    ("get", "/api/v1/settings", Admin),
    ("patch", "/api/v1/settings", Admin),
    ("get", "/api/v1/audit", Admin),
    ("get", "/api/v1/events", Staff),
    ("get", "/api/v1/courses", Staff),
    ("post", "/api/v1/courses", Admin),
    ("patch", "/api/v1/courses/{code}", Admin),
    ("delete", "/api/v1/courses/{code}", Admin),
    ("get", "/api/v1/assignments", Staff),
    ("post", "/api/v1/assignments", Admin),
    ("delete", "/api/v1/assignments/{id}", Admin),
    ("get", "/api/v1/enrolments", Staff),
    ("post", "/api/v1/enrolments", Admin),
    ("delete", "/api/v1/enrolments/{id}", Admin),
    ("post", "/api/v1/enrolments/import", Admin),
    ("get", "/api/v1/attendance", Known),
    ("get", "/api/v1/people/export", Admin),
    ("post", "/api/v1/people/erase", Admin),
    ("post", "/api/v1/sessions", Staff),
    ("post", "/api/v1/sessions/preview", Staff),
    ("get", "/api/v1/sessions", Staff),
    ("get", "/api/v1/sessions/{id}", Staff),
    ("post", "/api/v1/sessions/{id}/end", Staff),
    ("get", "/api/v1/sessions/{id}/marks", Staff),
    ("post", "/api/v1/sessions/{id}/marks", Staff),
    ("get", "/api/v1/sessions/{id}/marks.csv", Staff),
    ("get", "/api/v1/sessions/{id}/marks.xlsx", Staff),
    ("post", "/api/v1/heartbeat", Device),
    ("post", "/admin-panel/api/esp32/heartbeat/", Device),
    ("post", "/api/v1/enroll", Device),
    ("get", "/api/v1/devices", Staff),
    ("get", "/api/v1/availability", Staff),
    ("get", "/api/v1/devices/{hardware_id}", Staff),
    ("get", "/api/v1/devices/{hardware_id}/events", Staff),
    ("patch", "/api/v1/devices/{hardware_id}", Admin),
    ("post", "/api/v1/devices/{hardware_id}/accept", Admin),
    ("post", "/api/v1/devices/{hardware_id}/retire", Admin),
    ("post", "/api/v1/devices/{hardware_id}/merge", Admin),
    ("post", "/api/v1/devices/{hardware_id}/keys/rotate", Admin),
    (
        "post",
        "/api/v1/devices/{hardware_id}/keys/{id}/revoke",
        Admin,
    ),
    ("get", "/api/v1/claims", Admin),
    ("post", "/api/v1/claims", Admin),
    ("delete", "/api/v1/claims/{id}", Admin),
    ("get", "/api/v1/config/{scope}", Admin),
    ("put", "/api/v1/config/{scope}", Admin),
    ("post", "/api/v1/config/{scope}/preview", Admin),
    ("get", "/api/v1/config/{scope}/history", Admin),
    ("post", "/api/v1/config/{scope}/revert", Admin),
    ("get", "/api/v1/rollouts", Admin),
    ("post", "/api/v1/rollouts", Admin),
    ("get", "/api/v1/rollouts/{id}", Admin),
    ("post", "/api/v1/rollouts/{id}/stop", Admin),
    // Last: it ends the login that asks.
    ("post", "/api/v1/logout", Known),
];

async fn every_route_lets_in_whom_it_should(world: World) {
    let document = world
        .stranger()
        .get("/api/openapi.json")
        .await
        .status(200)
        .json;
    let documented = documented(&document);
    for (method, path) in &documented {
        let is_known = ROUTES
            .iter()
            .any(|route| (route.0, route.1) == (method, path));
        assert!(
            is_known,
            "{method} {path} is not in the table of who may ask for it"
        );
    }
    let askers = askers(&world).await;
    for (method, path, lets) in ROUTES {
        let route = (method.to_string(), path.to_string());
        assert!(
            documented.contains(&route),
            "the document does not have {method} {path}"
        );
        for (role, client) in &askers {
            let code = ask(client, method, path).await;
            let expected = match (lets, *role) {
                // The body, which is no device's, is looked at before anything else.
                (Device, _) if path.contains("heartbeat") => Some(400),
                (Device, _) => Some(422),
                (Anyone, _) => None,
                (_, "stranger") => Some(401),
                (Known, _) | (Staff | Admin, "admin") | (Staff, "lecturer") => None,
                (Staff | Admin, _) => Some(403),
            };
            match expected {
                Some(expected) => assert_eq!(code, expected, "{method} {path} for a {role}"),
                None => assert_ne!(code, 403, "{method} {path} for a {role}"),
            }
            // A login is refused with 401 too, for a body that names nobody: not here.
            let is_open = expected.is_none();
            assert!(!is_open || code != 401, "{method} {path} for a {role}");
            assert!(code < 500, "{method} {path} for a {role}: {code}");
        }
    }
}

fn documented(document: &Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let routes = paths.iter().flat_map(|(path, item)| {
        item.as_object()
            .unwrap()
            .keys()
            .map(move |method| (method.clone(), path.clone()))
    });
    routes.collect()
}

/// One of each role, and a stranger.
async fn askers(world: &World) -> Vec<(&'static str, Client)> {
    let admin = world.admin().await;
    let mut askers = vec![("stranger", world.stranger())];
    for role in ["student", "lecturer"] {
        let body = json!({"username": role, "role": role, "password": "long enough"});
        admin.post("/api/v1/users", body).await.status(201);
        askers.push((role, world.token_of(role, "long enough").await));
    }
    askers.push(("admin", admin));
    askers
}

/// The status of a request with nothing right in it but its path: who is let in hears of that.
async fn ask(client: &Client, method: &str, path: &str) -> u16 {
    let mut asked = path.to_owned();
    while let (Some(from), Some(to)) = (asked.find('{'), asked.find('}')) {
        asked.replace_range(from..=to, "0");
    }
    let body = if matches!(method, "get" | "delete") {
        ""
    } else {
        "[]"
    };
    // The head alone: a stream of events does not end.
    client
        .open(&method.to_uppercase(), &asked, body)
        .await
        .status()
        .as_u16()
}
