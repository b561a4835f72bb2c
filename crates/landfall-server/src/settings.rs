//! The fleet's settings: few numbers that an admin changes while the server runs. Memory holds them
//! for the heartbeats; the database is the truth.

use sqlx::AnyConnection;

use crate::database::DatabaseError;

/// The settings in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// A device is online up to and with so many seconds after its last heartbeat.
    pub online_within_s: i64,
    /// How often a device is asked to say that it is there, in milliseconds.
    pub heartbeat_ms: i64,
    /// A mark is late so many seconds after its session's start.
    pub late_after_s: i64,
}

impl Settings {
    /// What holds until somebody changes it.
    pub const DEFAULT: Self = Self {
        online_within_s: 300,
        heartbeat_ms: 30_000,
        late_after_s: 900,
    };

    /// The settings by the names they are kept under.
    fn fields(&mut self) -> [(&'static str, &mut i64); 3] {
        [
            ("online_within_s", &mut self.online_within_s),
            ("heartbeat_ms", &mut self.heartbeat_ms),
            ("late_after_s", &mut self.late_after_s),
        ]
    }
}

/// Reads the settings.
pub(crate) async fn load(connection: &mut AnyConnection) -> Result<Settings, DatabaseError> {
    let query = sqlx::query_as("SELECT name, value FROM settings");
    let rows: Vec<(String, i64)> = query.fetch_all(connection).await?;
    let mut settings = Settings::DEFAULT;
    for (name, field) in settings.fields() {
        if let Some((_, value)) = rows.iter().find(|(kept, _)| kept == name) {
            *field = *value;
        }
    }
    Ok(settings)
}

/// Keeps the settings.
pub(crate) async fn save(
    connection: &mut AnyConnection,
    mut settings: Settings,
) -> Result<(), DatabaseError> {
    for (name, value) in settings.fields() {
        let sql = "INSERT INTO settings (name, value) VALUES ($1, $2) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        sqlx::query(sql)
            .bind(name)
            .bind(*value)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
