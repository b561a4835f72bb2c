//! The dashboard as a browser without scripts sees it. One database is enough: pages ask the API.

use serde_json::json;

use crate::harness::campus::{Campus, offering};
use crate::harness::{Answer, Client, Device, Kind, World, run};

/// Sends a form as a browser does.
async fn submit(browser: &Client, path: &str, fields: &[(&str, &str)]) -> Answer {
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encode(value)));
    let body = pairs.collect::<Vec<_>>().join("&");
    browser
        .header("content-type", "application/x-www-form-urlencoded")
        .send("POST", path, body)
        .await
}

fn encode(text: &str) -> String {
    let kept = |b: u8| b.is_ascii_alphanumeric();
    let one = |b: u8| {
        if kept(b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    text.bytes().map(one).collect()
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// What a page's forms carry.
fn csrf(page: &Answer) -> String {
    let text = text(page);
    let (_, rest) = text
        .split_once("name=\"csrf_token\" value=\"")
        .expect("a form");
    rest.split_once('"').unwrap().0.to_owned()
}

/// A browser that logged in by the page.
async fn browser(world: &World, username: &str, password: &str) -> Client {
    let fields = [
        ("username", username),
        ("password", password),
        ("next", "/courses"),
    ];
    let answer = submit(&world.stranger(), "/login", &fields).await;
    assert_eq!(
        (answer.code, &answer.headers["location"]),
        (303, &"/courses".parse().unwrap())
    );
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    world
        .stranger()
        .header("cookie", cookie.split_once(';').unwrap().0)
}

#[test]
fn who_is_not_logged_in_is_led_to_the_login_and_back() {
    run(
        async |world: World| {
            let stranger = world.stranger();
            let led = stranger.get("/sessions?cursor=x").await;
            assert_eq!(led.code, 303);
            assert_eq!(
                led.headers["location"],
                "/login?next=/sessions%3Fcursor%3Dx"
            );
            let wrong = [
                ("username", "admin"),
                ("password", "<script>"),
                ("next", "\"><b>"),
            ];
            let page = submit(&stranger, "/login", &wrong).await;
            assert_eq!(page.code, 401);
            assert!(text(&page).contains("username or password is wrong"));
            assert!(!text(&page).contains("<b>") && !text(&page).contains("<script>"));
            let from_elsewhere = stranger.header("origin", "http://evil.example");
            let fields = [("username", "admin"), ("password", world.password())];
            assert_eq!(submit(&from_elsewhere, "/login", &fields).await.code, 403);
            let admin = browser(&world, "admin", world.password()).await;
            let csrf = csrf(&admin.get("/").await);
            let out = submit(&admin, "/logout", &[("csrf_token", &csrf)]).await;
            assert_eq!(out.headers["location"], "/login");
            assert_eq!(admin.get("/").await.code, 303);
        },
        Kind::Sqlite,
    );
}

#[test]
fn every_page_of_every_role_is_shown() {
    run(
        async |world: World| {
            let api = world.admin().await;
            for role in ["lecturer", "student"] {
                let user = json!({"username": role, "role": role, "password": "long enough"});
                api.post("/api/v1/users", user).await.status(201);
            }
            let pages = [
                ("/", "Devices", true),
                ("/sessions", "Sessions", true),
                ("/sessions/new", "Start a session", true),
                ("/courses", "Courses", true),
                ("/people", "People", true),
                ("/config/fleet", "Configuration of the fleet", false),
                ("/rollouts", "Wi-Fi roll-outs", false),
                ("/audit", "Audit log", false),
            ];
            let admin = browser(&world, "admin", world.password()).await;
            let lecturer = browser(&world, "lecturer", "long enough").await;
            let student = browser(&world, "student", "long enough").await;
            for (path, heading, for_staff) in pages {
                let page = admin.get(path).await;
                assert_eq!(page.code, 200, "{path}: {}", text(&page));
                assert!(
                    text(&page).contains(&format!("<h1>{heading}</h1>")),
                    "{path}"
                );
                let policy = page.headers["content-security-policy"].to_str().unwrap();
                assert!(policy.starts_with("default-src 'none'"), "{path}");
                let code = if for_staff { 200 } else { 403 };
                assert_eq!(lecturer.get(path).await.code, code, "{path}");
                let code = if path == "/" { 200 } else { 403 };
                assert_eq!(student.get(path).await.code, code, "{path}");
            }
            assert!(text(&student.get("/").await).contains("Your attendance"));
        },
        Kind::Sqlite,
    );
}

#[test]
fn a_form_does_what_the_api_does_and_says_why_not() {
    run(
        async |world: World| {
            let admin = browser(&world, "admin", world.password()).await;
            let token = csrf(&admin.get("/courses").await);
            let fields = [
                ("csrf_token", &*token),
                ("code", "CS101"),
                ("title", "<i>Computers</i> & co"),
            ];
            let made = submit(&admin, "/courses", &fields).await;
            assert_eq!(
                (made.code, &made.headers["location"]),
                (303, &"/courses".parse().unwrap())
            );
            let page = text(&admin.get("/courses").await);
            assert!(
                !page.contains("<i>Computers") && page.contains("Computers"),
                "{page}"
            );
            let again = submit(&admin, "/courses", &fields).await;
            assert_eq!(again.code, 409);
            assert!(text(&again).contains("role=\"alert\""));
            for stolen in [&[][..], &[("csrf_token", "guessed")]] {
                let fields = [stolen, &[("code", "CS102"), ("title", "Other")]].concat();
                let refused = submit(&admin, "/courses", &fields).await;
                assert!(matches!(refused.code, 403 | 422), "{}", refused.code);
            }
            assert!(!text(&admin.get("/courses").await).contains("CS102"));
        },
        Kind::Sqlite,
    );
}

#[test]
fn a_roster_is_checked_before_it_is_imported() {
    run(
        async |world: World| {
            let api = world.admin().await;
            let course = json!({"code": "CS101", "title": "Computers"});
            api.post("/api/v1/courses", course).await.status(201);
            let admin = browser(&world, "admin", world.password()).await;
            let token = csrf(&admin.get("/people").await);
            let head = "matric,name,course,session,semester\n";
            let row = "CS/2024/001,Ada,CS101,2024/2025,1st Semester\n";
            let wrong = format!("{head}{row}!,Bob,CS101,2024/2025,1st Semester\n");
            let import = async |csv: &str, act: &str| {
                let fields = [("csrf_token", &*token), ("csv", csv), ("act", act)];
                text(&submit(&admin, "/people/import", &fields).await)
            };
            assert!(import(&wrong, "import").await.contains("Line 3"));
            let right = format!("{head}{row}");
            assert!(
                import(&right, "check")
                    .await
                    .contains("Nothing was changed")
            );
            assert!(text(&admin.get("/people").await).contains("None."));
            assert!(import(&right, "import").await.contains("1 imported"));
            assert!(text(&admin.get("/people?course=CS101").await).contains("CS/2024/001"));
        },
        Kind::Sqlite,
    );
}

/// A roster of a whole school is longer than other forms.
#[test]
fn a_long_roster_is_taken() {
    run(
        async |world: World| {
            let api = world.admin().await;
            let course = json!({"code": "CS101", "title": "Computers"});
            api.post("/api/v1/courses", course).await.status(201);
            let admin = browser(&world, "admin", world.password()).await;
            let token = csrf(&admin.get("/people").await);
            let mut csv = "matric,name,course,session,semester\n".to_owned();
            for number in 0..30_000 {
                let row =
                    format!("CS/2024/{number:05},Ada Lovelace,CS101,2024/2025,1st Semester\n");
                csv.push_str(&row);
            }
            let fields = [("csrf_token", &*token), ("csv", &csv), ("act", "check")];
            let page = submit(&admin, "/people/import", &fields).await;
            assert_eq!(page.code, 200);
            assert!(text(&page).contains("30000"));
        },
        Kind::Sqlite,
    );
}

#[test]
fn a_name_of_the_configuration_is_not_pinned_by_saving_something_else() {
    run(
        async |world: World| {
            let api = world.admin().await;
            let device = Device::claimed(&world, 1).await;
            let scope = format!("/api/v1/config/device:{}", device.id);
            let layer = json!({"values": {"device_name": "First"}, "base_revision": 0});
            api.put(&scope, layer).await.status(200);
            let admin = browser(&world, "admin", world.password()).await;
            let path = format!("/devices/{}", device.id);
            let token = csrf(&admin.get(&path).await);
            let save = async |typed: &str, named: &str| {
                let fields = [
                    ("csrf_token", &*token),
                    ("name", typed),
                    ("named", named),
                    ("room", "B1"),
                    ("labels", ""),
                    ("enabled", "true"),
                ];
                assert_eq!(submit(&admin, &path, &fields).await.code, 303);
                api.get(&device.path("")).await.json["name"].clone()
            };
            assert_eq!(save("First", "First").await, "First");
            let nothing = json!({"values": {}, "base_revision": 1});
            api.put(&scope, nothing).await.status(200);
            let shown = api.get(&device.path("")).await;
            assert_eq!(shown.json["name"], device.id.as_str());
            assert_eq!(save("Typed", device.id.as_str()).await, "Typed");
        },
        Kind::Sqlite,
    );
}

#[test]
fn the_page_of_a_session_tells_its_passphrase() {
    run(
        async |world: World| {
            let campus = Campus::new(world).await;
            campus.device(1).await.beat(json!({})).await;
            let session = offering(json!({"passphrase": r"a;b\c:dd<"}));
            let made = campus
                .admin
                .post("/api/v1/sessions", session)
                .await
                .status(201);
            let admin = browser(&campus.world, "admin", campus.world.password()).await;
            let path = format!("/sessions/{}", made.json["id"]);
            let page = text(&admin.get(&path).await);
            assert!(page.contains(r"<code>a;b\c:dd&#60;</code>"), "{page}");
        },
        Kind::Sqlite,
    );
}
