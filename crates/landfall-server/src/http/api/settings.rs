//! The fleet's settings.

use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::change::Change;
use crate::http::auth::Admin;
use crate::http::body::Body;
use crate::http::routes::Routes;
use crate::people::audit;
use crate::problem::{FieldError, Problem};
use crate::settings::{self, Settings};

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default().routes(routes!(read, change))
}

/// The settings.
#[derive(Serialize, ToSchema)]
struct SettingsBody {
    /// A device is online up to and with so many seconds after its last heartbeat.
    #[schema(minimum = 1, maximum = 86_400)]
    online_within_s: i64,
    /// How often a device is asked to say that it is there.
    #[schema(minimum = 250, maximum = 3_600_000)]
    heartbeat_ms: i64,
    /// A mark is late so many seconds after its session's start.
    #[schema(minimum = 0, maximum = 86_400)]
    late_after_s: i64,
}

impl From<Settings> for SettingsBody {
    fn from(settings: Settings) -> Self {
        let Settings {
            online_within_s,
            heartbeat_ms,
            late_after_s,
        } = settings;
        Self {
            online_within_s,
            heartbeat_ms,
            late_after_s,
        }
    }
}

/// The settings that are to change.
#[derive(Deserialize, ToSchema)]
struct SettingsChange {
    #[schema(minimum = 1, maximum = 86_400)]
    online_within_s: Option<i64>,
    #[schema(minimum = 250, maximum = 3_600_000)]
    heartbeat_ms: Option<i64>,
    #[schema(minimum = 0, maximum = 86_400)]
    late_after_s: Option<i64>,
}

impl SettingsChange {
    /// The settings, changed.
    fn apply(&self, mut settings: Settings) -> Result<Settings, Problem> {
        let mut errors = Vec::new();
        let mut take =
            |path: &str, range: RangeInclusive<i64>, to: Option<i64>, at: &mut i64| match to {
                None => {}
                Some(value) if range.contains(&value) => *at = value,
                Some(_) => {
                    let message = format!("it has to be {}..={}", range.start(), range.end());
                    errors.push(FieldError {
                        path: path.to_owned(),
                        message,
                    });
                }
            };
        take(
            "online_within_s",
            1..=86_400,
            self.online_within_s,
            &mut settings.online_within_s,
        );
        take(
            "heartbeat_ms",
            250..=3_600_000,
            self.heartbeat_ms,
            &mut settings.heartbeat_ms,
        );
        take(
            "late_after_s",
            0..=86_400,
            self.late_after_s,
            &mut settings.late_after_s,
        );
        if errors.is_empty() {
            Ok(settings)
        } else {
            Err(Problem::all_wrong(errors))
        }
    }
}

/// The settings in force.
#[utoipa::path(get, path = "/api/v1/settings", tag = "server",
    responses((status = 200, body = SettingsBody)))]
async fn read(State(app): State<Arc<App>>, _: Admin) -> Json<SettingsBody> {
    Json(app.settings().into())
}

/// Change settings; what is left out stays.
#[utoipa::path(patch, path = "/api/v1/settings", tag = "server",
    request_body = SettingsChange, responses((status = 200, body = SettingsBody)))]
async fn change(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Body(change): Body<SettingsChange>,
) -> Result<Json<SettingsBody>, Problem> {
    let now = app.clock().now_ms();
    let changed = app.database.write(async move |mut tx| {
        let before = settings::load(&mut tx).await?;
        let after = change.apply(before)?;
        if after != before {
            settings::save(&mut tx, after).await?;
            let detail = format!("{after:?}");
            let deed = ("settings.changed", "", detail.as_str());
            audit::note(&mut tx, now, &who.user.username, deed).await?;
            tx.changed(Change::Settings);
        }
        Ok::<_, Problem>(after)
    });
    Ok(Json(changed.await?.into()))
}
