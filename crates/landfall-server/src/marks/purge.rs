//! What is kept for a while only: the phones that marks came from, and what devices were answered.

use crate::app::App;
use crate::database::{DatabaseError, Tx};

/// How long the hash of a phone's address is kept, in ms: a day.
const EVIDENCE_MS: i64 = 24 * 60 * 60 * 1000;
/// How long a device may ask again what became of a mark, in ms: a month.
const RECEIPT_MS: i64 = 30 * EVIDENCE_MS;

/// Takes out what was kept for long enough.
pub(crate) async fn run(app: &App) -> Result<(), DatabaseError> {
    let now = app.clock().now_ms();
    let (evidence, receipts) = (now - EVIDENCE_MS, now - RECEIPT_MS);
    let sql = "SELECT (SELECT COUNT(*) FROM mark_entries \
                   WHERE station IS NOT NULL AND recorded_at <= $1) \
               + (SELECT COUNT(*) FROM mark_receipts WHERE at <= $2)";
    let query = sqlx::query_scalar::<_, i64>(sql)
        .bind(evidence)
        .bind(receipts);
    if query.fetch_one(&mut *app.database.read().await?).await? == 0 {
        return Ok(());
    }
    let job = async move |mut tx: Tx| {
        let sql = "UPDATE mark_entries SET station = NULL \
                   WHERE station IS NOT NULL AND recorded_at <= $1";
        sqlx::query(sql).bind(evidence).execute(&mut *tx).await?;
        let sql = "DELETE FROM mark_receipts WHERE at <= $1";
        sqlx::query(sql).bind(receipts).execute(&mut *tx).await?;
        Ok(())
    };
    app.database.write(job).await
}
