//! Courses, who teaches them and who takes them.

use serde_json::json;

use crate::harness::campus::{Campus, offering};
use crate::harness::{World, both};

both!(
    a_course_is_made_once_and_goes_when_nothing_holds_on_to_it,
    an_assignment_is_for_a_lecturer_and_a_course_that_are_there,
    a_student_is_enrolled_once_whatever_the_case,
    a_file_is_taken_whole_or_not_at_all,
    a_lecturer_sees_what_is_assigned,
);

async fn a_course_is_made_once_and_goes_when_nothing_holds_on_to_it(world: World) {
    let campus = Campus::new(world).await;
    let admin = &campus.admin;
    let again = json!({"code": " CS101 ", "title": "Another"});
    admin.post("/api/v1/courses", again).await.status(409);
    for (body, path) in [
        (json!({"code": "", "title": "x"}), "code"),
        (json!({"code": "x".repeat(65), "title": "x"}), "code"),
        (json!({"code": "x", "title": " "}), "title"),
    ] {
        let answer = admin.post("/api/v1/courses", body).await.status(422);
        assert_eq!(answer.wrong_paths(), [path]);
    }
    let slash = json!({"code": "CS/102", "title": "Two"});
    admin.post("/api/v1/courses", slash).await.status(201);
    let renamed = admin.patch("/api/v1/courses/CS%2F102", json!({"title": "Second"}));
    let renamed = renamed.await.status(200);
    assert_eq!(renamed.json, json!({"code": "CS/102", "title": "Second"}));
    let taken = json!({"code": "CS101"});
    admin
        .patch("/api/v1/courses/CS%2F102", taken)
        .await
        .status(409);
    campus.enrol(&["A/001"]).await;
    admin.delete("/api/v1/courses/CS101").await.status(409);
    admin.delete("/api/v1/courses/CS%2F102").await.status(204);
    admin.delete("/api/v1/courses/CS%2F102").await.status(404);
    let left = admin.get("/api/v1/courses").await.status(200);
    assert_eq!(left.items().len(), 1);
}

async fn an_assignment_is_for_a_lecturer_and_a_course_that_are_there(world: World) {
    let campus = Campus::new(world).await;
    campus.user("ada", "lecturer", None).await;
    campus.user("sam", "student", None).await;
    let admin = &campus.admin;
    let path = "/api/v1/assignments";
    let made = admin
        .post(path, offering(json!({"lecturer": "ada"})))
        .await
        .status(201);
    admin
        .post(path, offering(json!({"lecturer": "ada"})))
        .await
        .status(409);
    for (body, wrong) in [
        (json!({"lecturer": "nobody"}), "lecturer"),
        (json!({"lecturer": "sam"}), "lecturer"),
        (json!({"lecturer": "ada", "course": "CS999"}), "course"),
        (json!({"lecturer": "ada", "semester": ""}), "semester"),
    ] {
        let answer = admin.post(path, offering(body)).await.status(422);
        assert_eq!(answer.wrong_paths(), [wrong]);
    }
    let gone = format!("{path}/{}", made.json["id"]);
    admin.delete(&gone).await.status(204);
    admin.delete(&gone).await.status(404);
    let least = format!("{path}/{}", i64::MIN);
    admin.delete(&least).await.status(404);
}

async fn a_student_is_enrolled_once_whatever_the_case(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["Abc/001"]).await;
    let path = "/api/v1/enrolments";
    let again = offering(json!({"matric": " aBC/001 ", "name": "Ada"}));
    campus.admin.post(path, again).await.status(409);
    let other = offering(json!({"matric": "aBC/001", "name": "Ada", "semester": "2nd"}));
    let other = campus.admin.post(path, other).await.status(201);
    for (body, wrong) in [
        (json!({"matric": "A/1", "name": "Ada"}), "matric"),
        (json!({"matric": "A/0001", "name": ""}), "name"),
        (
            json!({"matric": "A/0001", "name": "Ada", "course": "CS999"}),
            "course",
        ),
    ] {
        let answer = campus.admin.post(path, offering(body)).await.status(422);
        assert_eq!(answer.wrong_paths(), [wrong]);
    }
    let listed = campus
        .admin
        .get("/api/v1/enrolments?semester=2nd")
        .await
        .status(200);
    assert_eq!(listed.items(), std::slice::from_ref(&other.json));
    let gone = format!("{path}/{}", other.json["id"]);
    campus.admin.delete(&gone).await.status(204);
    campus.admin.delete(&gone).await.status(404);
}

async fn a_file_is_taken_whole_or_not_at_all(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001"]).await;
    let admin = campus.admin.header("content-type", "text/csv");
    let import = async |query: &str, rows: &str| {
        let file = format!("matric,name,course,session,semester\n{rows}");
        admin
            .send("POST", &format!("/api/v1/enrolments/import{query}"), file)
            .await
    };
    let good = "a/001,Ada,CS101,2024/2025,1st Semester\n B/002 ,\"Bo, the second\",CS101,2024/2025,1st Semester\n";
    let rehearsed = import("?dry_run=true", good).await.status(200);
    let told = |dry_run: bool, imported: u64, unchanged: u64| {
        json!({"dry_run": dry_run, "rows": 2, "valid": 2, "imported": imported,
               "unchanged": unchanged, "errors": []})
    };
    assert_eq!(rehearsed.json, told(true, 0, 1));
    let bad = format!("{good}b/002,Bo,CS101,2024/2025,1st Semester\nC/003,Cy,CS999,s,t\n");
    let refused = import("", &bad).await.status(422);
    assert_eq!(refused.json["imported"], 0);
    assert_eq!(refused.json["rows"], 4);
    let errors = refused.json["errors"].as_array().unwrap();
    let places: Vec<_> = errors
        .iter()
        .map(|one| (&one["line"], &one["column"]))
        .collect();
    assert_eq!(
        places,
        [(&json!(4), &json!("matric")), (&json!(5), &json!("course"))]
    );
    let looked = import("?dry_run=true", &bad).await.status(200);
    assert_eq!(looked.json["errors"], refused.json["errors"]);
    assert_eq!(import("", good).await.status(200).json, told(false, 1, 1));
    assert_eq!(import("", good).await.status(200).json, told(false, 0, 2));
    let listed = campus.admin.get("/api/v1/enrolments").await.status(200);
    assert_eq!(listed.items()[1]["name"], "Bo, the second");
    let large = "x".repeat(4 * 1024 * 1024);
    import("", &large).await.status(413);
}

async fn a_lecturer_sees_what_is_assigned(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001"]).await;
    let ada = campus.lecturer("ada").await;
    let bob = campus.user("bob", "lecturer", None).await;
    for (lecturer, count) in [(&ada, 1), (&bob, 0)] {
        for path in [
            "/api/v1/assignments",
            "/api/v1/enrolments",
            "/api/v1/enrolments?course=CS101",
        ] {
            assert_eq!(
                lecturer.get(path).await.status(200).items().len(),
                count,
                "{path}"
            );
        }
        lecturer.get("/api/v1/courses").await.status(200);
        let course = json!({"code": "X", "title": "X"});
        lecturer.post("/api/v1/courses", course).await.status(403);
    }
}
