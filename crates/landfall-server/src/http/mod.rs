//! The server's HTTP: one router, who may ask, and how requests and answers are read and written.
//!
//! A resource is a file in `api/` with `pub(crate) fn routes() -> Routes`, merged in `router.rs`. Its
//! handlers say who may ask by their first parameter, read their request by [`body::Body`],
//! [`params::Params`] and [`page::Page`], and change something in one job of the writer:
//!
//! ```ignore
//! /// A course, created once however often it is asked for.
//! #[utoipa::path(post, path = "/api/v1/courses", tag = "courses",
//!     request_body = NewCourse, responses((status = 201, body = Course), (status = 409)))]
//! async fn create(
//!     State(app): State<Arc<App>>,
//!     Admin(who): Admin,                          // 403 for everybody else, before the body is read
//!     Create { body, once }: Create<NewCourse>,   // 400, 413, 422 with the path of what is wrong
//! ) -> Result<Created, Problem> {
//!     let now = app.clock().now_ms();
//!     app.database
//!         .write(async move |mut tx| {
//!             if let Some(first) = once.first_answer(&mut tx, now).await? {
//!                 return Ok(first);
//!             }
//!             let course = courses::create(&mut tx, &body.code, &body.title).await?;
//!             let deed = ("course.created", course.code.as_str(), "");
//!             audit::note(&mut tx, now, &who.user.username, deed).await?;
//!             tx.changed(Change::Course);         // memory, watchers, other processes: after the commit
//!             once.created(&mut tx, now, &Course::from(course)).await
//!         })
//!         .await
//! }
//!
//! /// Courses by code, from the cursor on.
//! #[utoipa::path(get, path = "/api/v1/courses", tag = "courses",
//!     params(PageParams), responses((status = 200, body = List<Course>)))]
//! async fn list(
//!     State(app): State<Arc<App>>,
//!     _: Staff,
//!     page: Page,
//! ) -> Result<Json<List<Course>>, Problem> {
//!     let mut connection = app.database.read().await?;
//!     let after: Option<String> = page.after()?;
//!     let rows = courses::list(&mut connection, after, page.rows()).await?;
//!     Ok(Json(page.list(rows, |course| course.code.clone(), Course::from)))
//! }
//! ```
//!
//! Refusals that any request can meet (400, 401, 403, 405, 413, 422, 429, 503) are added to the document in
//! `openapi.rs`; a handler names its own: 404, 409.

mod api;
mod auth;
mod body;
mod once;
mod openapi;
mod page;
pub(crate) mod pages;
mod params;
mod router;
mod routes;
mod sse;
mod time;

pub(crate) use router::Face;
