//! All devices of a large fleet: read in parts, some at the same time, so that a start takes every
//! processor and no more memory than the parts.

use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use sqlx::AnyConnection;

use super::Which;
use crate::database::{Database, DatabaseError};

/// Devices of a part.
const PART: i64 = 8192;
/// Parts that are read at the same time: a connection each, of the few that there are. Devices and
/// their presence are read at once, so twice as many are busy.
const AT_ONCE: usize = 2;

/// How the rows of a part are read.
pub(crate) type Read<T> =
    for<'a> fn(&'a mut AnyConnection, Which<'a>) -> BoxFuture<'a, Result<Vec<T>, DatabaseError>>;

/// Reads rows of all devices, part by part. A device that another process enters meanwhile may be in
/// none of them: that process tells of it.
pub(crate) async fn all<T: Send + 'static>(
    database: &Database,
    read: Read<T>,
    mut take: impl FnMut(Vec<T>),
) -> Result<(), DatabaseError> {
    let parts = parts(&mut *database.read().await?).await?;
    let reading = parts.into_iter().map(|(first, last)| {
        let database = database.clone();
        tokio::spawn(async move {
            let mut connection = database.read().await?;
            read(&mut connection, Which::Between(&first, &last)).await
        })
    });
    let mut reading = stream::iter(reading).buffered(AT_ONCE);
    while let Some(part) = reading.next().await {
        take(part.map_err(|_| DatabaseError::Defect)??);
    }
    Ok(())
}

/// The first and the last hardware id of every part.
async fn parts(connection: &mut AnyConnection) -> Result<Vec<(String, String)>, DatabaseError> {
    let sql = "SELECT MIN(hardware_id), MAX(hardware_id) FROM (SELECT hardware_id, \
               (ROW_NUMBER() OVER (ORDER BY hardware_id) - 1) / $1 AS part FROM devices) AS placed \
               GROUP BY part ORDER BY part";
    let query = sqlx::query_as(sql).bind(PART);
    Ok(query.fetch_all(connection).await?)
}
