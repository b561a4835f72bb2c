//! The layers as they are kept: one for the fleet and one for each device, each with its revisions.

use std::fmt;

use serde_json::{Value, json};
use sqlx::AnyConnection;

use super::values::{self, Layer, Values, Wrong};
use crate::database::DatabaseError;
use crate::fleet::load::DEVICE_SCOPE;

/// The scope of all devices.
pub(crate) const FLEET: &str = "fleet";

/// Whose layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// That of all devices.
    Fleet,
    /// That of the device of this hardware id.
    Device(String),
}

impl Scope {
    /// The scope of its text, `fleet` or `device:<hardware_id>`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix(DEVICE_SCOPE) {
            Some(hardware_id) => Some(Self::Device(hardware_id.to_owned())),
            None => (text == FLEET).then_some(Self::Fleet),
        }
    }

    /// The layer of it.
    pub(crate) fn layer(&self) -> Layer {
        match self {
            Self::Fleet => Layer::Fleet,
            Self::Device(_) => Layer::Device,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fleet => f.write_str(FLEET),
            Self::Device(hardware_id) => write!(f, "{DEVICE_SCOPE}{hardware_id}"),
        }
    }
}

/// Revision and values in force; 0 and none before the first.
pub(crate) async fn current(
    connection: &mut AnyConnection,
    scope: &str,
) -> Result<(i64, Values), DatabaseError> {
    let sql = "SELECT revision, content FROM config_layers WHERE scope = $1";
    let query = sqlx::query_as(sql).bind(scope);
    let row: Option<(i64, String)> = query.fetch_optional(connection).await?;
    Ok(row.map_or_else(Default::default, |(revision, content)| {
        (revision, parse(&content))
    }))
}

fn parse(content: &str) -> Values {
    serde_json::from_str(content).unwrap_or_default()
}

/// Why values were not stored.
#[derive(Debug)]
pub(crate) enum NotStored {
    /// Another revision is in force.
    Revision(i64),
    /// Some are wrong.
    Wrong(Vec<Wrong>),
    /// There is no such revision.
    Unknown,
    /// The database.
    Database(DatabaseError),
}

impl From<DatabaseError> for NotStored {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

/// What is to become of a scope's values.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// These, where the revision is still that.
    Values {
        /// As they were sent, with masks.
        sent: Value,
        /// What they were made from.
        base_revision: i64,
    },
    /// Those of an older revision.
    Revision(i64),
}

/// Stores what a scope's values are to be, by whom and when, as a new revision.
pub(crate) async fn store(
    connection: &mut AnyConnection,
    scope: &Scope,
    next: &Next,
    (author, now): (&str, i64),
) -> Result<i64, NotStored> {
    let name = scope.to_string();
    let (revision, stored) = current(connection, &name).await?;
    let values = match next {
        Next::Values { base_revision, .. } if *base_revision != revision => {
            return Err(NotStored::Revision(revision));
        }
        Next::Values { sent, .. } => {
            values::judge(scope.layer(), sent, &stored).map_err(NotStored::Wrong)?
        }
        Next::Revision(older) => at(connection, &name, *older)
            .await?
            .ok_or(NotStored::Unknown)?,
    };
    let content = Value::Object(values).to_string();
    let revision = revision + 1;
    let sql = "INSERT INTO config_layers (scope, revision, content) VALUES ($1, $2, $3) ON \
               CONFLICT (scope) DO UPDATE SET revision = excluded.revision, \
               content = excluded.content";
    let layer = sqlx::query(sql).bind(&name).bind(revision).bind(&content);
    layer
        .execute(&mut *connection)
        .await
        .map_err(DatabaseError::from)?;
    let sql = "INSERT INTO config_history (scope, revision, content, author, at) \
               VALUES ($1, $2, $3, $4, $5)";
    let history = sqlx::query(sql)
        .bind(&name)
        .bind(revision)
        .bind(&content)
        .bind(author)
        .bind(now);
    history
        .execute(connection)
        .await
        .map_err(DatabaseError::from)?;
    Ok(revision)
}

/// The values of a revision; those before the first are none.
async fn at(
    connection: &mut AnyConnection,
    scope: &str,
    revision: i64,
) -> Result<Option<Values>, DatabaseError> {
    if revision == 0 {
        return Ok(Some(Values::new()));
    }
    let sql = "SELECT content FROM config_history WHERE scope = $1 AND revision = $2";
    let query = sqlx::query_scalar::<_, String>(sql)
        .bind(scope)
        .bind(revision);
    let content = query.fetch_optional(connection).await?;
    Ok(content.map(|content| parse(&content)))
}

/// A revision of a scope.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    pub(crate) revision: i64,
    /// Masked.
    pub(crate) values: Values,
    pub(crate) by: String,
    pub(crate) at: i64,
}

/// The revisions of a scope before one, the newest first.
pub(crate) async fn history(
    connection: &mut AnyConnection,
    scope: &Scope,
    before: i64,
    limit: i64,
) -> Result<Vec<Revision>, DatabaseError> {
    let sql = "SELECT revision, content, author, at FROM config_history \
               WHERE scope = $1 AND revision < $2 ORDER BY revision DESC LIMIT $3";
    let query = sqlx::query_as(sql)
        .bind(scope.to_string())
        .bind(before)
        .bind(limit);
    let rows: Vec<(i64, String, String, i64)> = query.fetch_all(connection).await?;
    Ok(rows
        .into_iter()
        .map(|(revision, content, by, at)| Revision {
            revision,
            values: values::masked(&parse(&content)),
            by,
            at,
        })
        .collect())
}

/// A value that would change, secrets masked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) path: String,
    /// Null: it is not there.
    pub(crate) from: Value,
    /// Null: it goes.
    pub(crate) to: Value,
}

/// What differs between two layers, value by value, in the order of their names.
pub(crate) fn differences(from: &Values, to: &Values) -> Vec<Difference> {
    let mut found = Vec::new();
    let shown = (values::masked(from), values::masked(to));
    let clear = (json!(from), json!(to));
    walk(
        "",
        (&clear.0, &clear.1),
        (&json!(shown.0), &json!(shown.1)),
        &mut found,
    );
    found
}

/// Compares in clear, shows masked.
fn walk(path: &str, clear: (&Value, &Value), shown: (&Value, &Value), found: &mut Vec<Difference>) {
    if clear.0 == clear.1 {
        return;
    }
    let (Some(from), Some(to)) = (clear.0.as_object(), clear.1.as_object()) else {
        found.push(Difference {
            path: path.to_owned(),
            from: shown.0.clone(),
            to: shown.1.clone(),
        });
        return;
    };
    let names: std::collections::BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for name in names {
        let path = match path {
            "" => name.clone(),
            path => format!("{path}.{name}"),
        };
        let of = |value: &Value| value.get(name).cloned().unwrap_or_default();
        let clear = (of(clear.0), of(clear.1));
        let shown = (of(shown.0), of(shown.1));
        walk(&path, (&clear.0, &clear.1), (&shown.0, &shown.1), found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(value: Value) -> Values {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn differences_show_no_secrets() {
        let from =
            values(json!({"ap_password": "Password1", "station": {"max_retry": 3}, "mode": "sta"}));
        let to = values(
            json!({"ap_password": "Password2", "station": {"max_retry": 4}, "mode": "sta", "location": "Hall"}),
        );
        let told: Vec<String> = differences(&from, &to)
            .into_iter()
            .map(|one| format!("{}: {} -> {}", one.path, one.from, one.to))
            .collect();
        expect_test::expect![[r#"
            ap_password: "********" -> "********"
            location: null -> "Hall"
            station.max_retry: 3 -> 4"#]]
        .assert_eq(&told.join("\n"));
    }

    #[test]
    fn scopes_are_read_and_written() {
        for text in ["fleet", "device:lf-246f2856789a"] {
            assert_eq!(
                Scope::parse(text).map(|one| one.to_string()),
                Some(text.to_owned())
            );
        }
        assert_eq!(Scope::parse("fleets"), None);
    }
}
