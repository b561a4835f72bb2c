//! Many rows as one text, out of the database and into it: JSON, which both databases make and take
//! apart themselves.
//!
//! Read row by row, each costs an allocation for itself and for every column, and a turn between the
//! thread of the database and ours: of 100 000 devices that were 2 s and 350 MB at every start. Written
//! with a place for every column, SQLite's driver looks each place up among all that there are: that was
//! a tenth of what a heartbeat costs.

use serde::Deserialize;
use sqlx::{AnyConnection, AssertSqlSafe, SqlSafeStr, SqlStr};

use super::{DatabaseError, Kind};

/// The statement that gives these columns of all rows of `from` as one text: an array of arrays, in no
/// order. Both are constants of this program, with `$1` for what is bound.
pub(crate) fn select(connection: &AnyConnection, columns: &str, from: &str) -> SqlStr {
    let sql = match kind_of(connection) {
        Kind::Sqlite => format!("SELECT json_group_array(json_array({columns})) FROM {from}"),
        Kind::Postgres => format!(
            "SELECT CAST(COALESCE(json_agg(json_build_array({columns})), '[]') AS TEXT) FROM {from}"
        ),
    };
    AssertSqlSafe(sql).into_sql_str()
}

/// A column of bytes as a text of hexadecimal digits.
pub(crate) fn hex(connection: &AnyConnection, column: &str) -> String {
    match kind_of(connection) {
        Kind::Sqlite => format!("hex({column})"),
        Kind::Postgres => format!("encode({column}, 'hex')"),
    }
}

/// What gives a `value` for every object in the array that is bound as `$1`, in its order:
/// `value ->> 'name'` is the text of a member.
pub(crate) fn each(connection: &AnyConnection) -> &'static str {
    match kind_of(connection) {
        Kind::Sqlite => "json_each($1)",
        Kind::Postgres => "json_array_elements(CAST($1 AS JSON))",
    }
}

/// The rows in the text that [`select`] gives. Their members are the columns, in their order.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<Vec<T>, DatabaseError> {
    serde_json::from_str(text).map_err(|error| {
        tracing::error!(%error, "rows of the database are not read");
        DatabaseError::Defect
    })
}

fn kind_of(connection: &AnyConnection) -> Kind {
    match connection.backend_name() {
        "PostgreSQL" => Kind::Postgres,
        _ => Kind::Sqlite,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use serde::Deserialize;

    use super::parse;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    struct Row<'a> {
        #[serde(borrow)]
        name: Cow<'a, str>,
        number: Option<i64>,
    }

    #[test]
    fn members_are_columns_in_their_order() {
        let text = r#"[["a",1],["b\"",null],["c",-9223372036854775808]]"#;
        let rows: Vec<Row<'_>> = parse(text).unwrap();
        let told: Vec<_> = rows.iter().map(|row| (&*row.name, row.number)).collect();
        assert_eq!(told, [("a", Some(1)), ("b\"", None), ("c", Some(i64::MIN))]);
        assert!(parse::<Row<'_>>(r#"[["a"]]"#).is_err());
    }
}
