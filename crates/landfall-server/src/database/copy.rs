//! Tables copied from one database to another, whatever kind the two are: what backup and restore
//! are made of.

use futures_util::TryStreamExt;
use sqlx::any::AnyRow;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};

use super::Kind;

/// Values of one statement. SQLite takes 32 766, but its driver looks each place up among all that there
/// are: with 10 000 of them 100 000 devices took minutes.
const VALUES_MAX: usize = 400;
/// The migrations' own table: the copy has its own.
const MIGRATIONS: &str = "_sqlx_migrations";

/// A table, as SQLite describes it.
struct Table {
    name: String,
    columns: Vec<Column>,
    /// The tables that its rows name.
    names: Vec<String>,
}

struct Column {
    name: String,
    kind: ColumnKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ColumnKind {
    Number,
    Text,
    Bytes,
}

/// Copies every row of every table. One of the two is SQLite, which knows the tables; both have the
/// same ones, and those of `to` are empty.
pub(super) async fn copy(
    (from, to): (&mut AnyConnection, &mut AnyConnection),
    (from_kind, to_kind): (Kind, Kind),
) -> Result<(), sqlx::Error> {
    let described = if from_kind == Kind::Sqlite {
        &mut *from
    } else {
        &mut *to
    };
    let tables = tables(described).await?;
    for table in in_order(tables) {
        copy_table(&table, from, to).await?;
        if to_kind == Kind::Postgres {
            count_on(&table, to).await?;
        }
    }
    Ok(())
}

/// The tables of a SQLite database.
async fn tables(sqlite: &mut AnyConnection) -> Result<Vec<Table>, sqlx::Error> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' \
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> $1 ORDER BY name";
    let names: Vec<String> = sqlx::query_scalar(sql)
        .bind(MIGRATIONS)
        .fetch_all(&mut *sqlite)
        .await?;
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        let sql = "SELECT name, type FROM pragma_table_info($1) ORDER BY cid";
        let columns: Vec<(String, String)> = sqlx::query_as(sql)
            .bind(&name)
            .fetch_all(&mut *sqlite)
            .await?;
        let sql = "SELECT \"table\" FROM pragma_foreign_key_list($1)";
        let names = sqlx::query_scalar(sql)
            .bind(&name)
            .fetch_all(&mut *sqlite)
            .await?;
        let columns = columns
            .into_iter()
            .map(|(name, kind)| Column::of(name, &kind))
            .collect();
        tables.push(Table {
            name,
            columns,
            names,
        });
    }
    Ok(tables)
}

impl Column {
    fn of(name: String, declared: &str) -> Self {
        let kind = match declared {
            "TEXT" => ColumnKind::Text,
            "BLOB" => ColumnKind::Bytes,
            _ => ColumnKind::Number,
        };
        Self { name, kind }
    }
}

/// The tables so that each comes after those its rows name.
fn in_order(mut rest: Vec<Table>) -> Vec<Table> {
    let mut ordered: Vec<Table> = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let is_ready = |table: &Table| {
            let known =
                |name: &String| *name == table.name || ordered.iter().any(|t| t.name == *name);
            table.names.iter().all(known)
        };
        // In a circle any is as good as another.
        let next = rest.iter().position(is_ready).unwrap_or(0);
        ordered.push(rest.remove(next));
    }
    ordered
}

async fn copy_table(
    table: &Table,
    from: &mut AnyConnection,
    to: &mut AnyConnection,
) -> Result<(), sqlx::Error> {
    let columns: Vec<_> = table
        .columns
        .iter()
        .map(|c| format!("\"{}\"", c.name))
        .collect();
    let columns = columns.join(", ");
    let select = AssertSqlSafe(format!("SELECT {columns} FROM \"{}\"", table.name));
    let at_once = VALUES_MAX / table.columns.len().max(1);
    let mut chunks = sqlx::query(select).fetch(from).try_chunks(at_once);
    while let Some(rows) = chunks.try_next().await.map_err(|chunk| chunk.1)? {
        insert(table, &columns, &rows, to).await?;
    }
    Ok(())
}

async fn insert(
    table: &Table,
    columns: &str,
    rows: &[AnyRow],
    to: &mut AnyConnection,
) -> Result<(), sqlx::Error> {
    let width = table.columns.len();
    let places: Vec<_> = (0..rows.len())
        .map(|row| {
            let places: Vec<_> = (1..=width)
                .map(|n| format!("${}", row * width + n))
                .collect();
            format!("({})", places.join(", "))
        })
        .collect();
    let sql = format!(
        "INSERT INTO \"{}\" ({columns}) VALUES {}",
        table.name,
        places.join(", ")
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for row in rows {
        for (at, column) in table.columns.iter().enumerate() {
            query = bind(query, row, at, column.kind)?;
        }
    }
    query.execute(to).await?;
    Ok(())
}

type Insert<'q> = Query<'q, Any, sqlx::any::AnyArguments>;

fn bind<'q>(
    query: Insert<'q>,
    row: &AnyRow,
    at: usize,
    kind: ColumnKind,
) -> Result<Insert<'q>, sqlx::Error> {
    Ok(match kind {
        ColumnKind::Number => query.bind(row.try_get::<Option<i64>, _>(at)?),
        ColumnKind::Text => query.bind(row.try_get::<Option<String>, _>(at)?),
        ColumnKind::Bytes => query.bind(row.try_get::<Option<Vec<u8>>, _>(at)?),
    })
}

/// Lets PostgreSQL's counters go on behind the keys that were copied.
async fn count_on(table: &Table, to: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let sql = "SELECT CAST(column_name AS TEXT) FROM information_schema.columns \
               WHERE table_schema = current_schema() AND table_name = $1 AND is_identity = 'YES'";
    let counted: Vec<String> = sqlx::query_scalar(sql)
        .bind(&table.name)
        .fetch_all(&mut *to)
        .await?;
    for column in counted {
        let sql = format!(
            "SELECT setval(pg_get_serial_sequence('\"{0}\"', '{column}'), MAX(\"{column}\")) \
             FROM \"{0}\" HAVING COUNT(*) > 0",
            table.name
        );
        sqlx::query(AssertSqlSafe(sql)).execute(&mut *to).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Table, in_order};

    #[test]
    fn a_table_comes_after_those_it_names() {
        let table = |name: &str, names: &[&str]| Table {
            name: name.into(),
            columns: Vec::new(),
            names: names.iter().map(|&name| name.to_owned()).collect(),
        };
        let tables = vec![
            table("marks", &["sessions", "users"]),
            table("sessions", &["users", "sessions"]),
            table("users", &[]),
        ];
        let names: Vec<_> = in_order(tables)
            .into_iter()
            .map(|table| table.name)
            .collect();
        assert_eq!(names, ["users", "sessions", "marks"]);
    }
}
