//! How many wrong passwords a minute are answered. They are counted in the database: several
//! processes count together, and a restart forgives nothing.

use std::net::{IpAddr, Ipv6Addr};

use sqlx::AnyConnection;

use crate::database::DatabaseError;

/// Wrong ones in a minute that are still only wrong; with one more, nothing is tried.
const WRONG_MAX: usize = 5;
/// The minute, in milliseconds.
const WINDOW_MS: i64 = 60_000;

/// Whom a request came from, as far as it is counted: an IPv6 network of 64 bits is one, since each
/// of its hosts can take any address of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(String);

impl From<IpAddr> for Address {
    fn from(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }
}

impl Address {
    /// The address as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether that address, or anybody for that user, was wrong too often: then in how many seconds to
/// try again.
pub(crate) async fn is_blocked(
    connection: &mut AnyConnection,
    address: &Address,
    username: &str,
    now_ms: i64,
) -> Result<Option<u32>, DatabaseError> {
    let sql = "SELECT at, address, username FROM login_failures \
               WHERE at > $1 AND (address = $2 OR username = $3) ORDER BY at DESC";
    let query = sqlx::query_as(sql)
        .bind(now_ms - WINDOW_MS)
        .bind(&address.0)
        .bind(username);
    let rows: Vec<(i64, String, String)> = query.fetch_all(connection).await?;
    let by_address = rows
        .iter()
        .filter(|row| row.1 == address.0)
        .map(|row| row.0);
    let by_user = rows.iter().filter(|row| row.2 == username).map(|row| row.0);
    Ok(retry_after_s(by_address, now_ms).max(retry_after_s(by_user, now_ms)))
}

/// In how many seconds so few are left of these, the latest first, that one may try again.
fn retry_after_s(mut wrong: impl Iterator<Item = i64>, now_ms: i64) -> Option<u32> {
    let at = wrong.nth(WRONG_MAX)?;
    let left_ms = (at + WINDOW_MS - now_ms).clamp(1, WINDOW_MS);
    u32::try_from(left_ms.unsigned_abs().div_ceil(1000)).ok()
}

/// Counts a wrong password, and forgets those that count no more.
pub(crate) async fn note_wrong(
    connection: &mut AnyConnection,
    address: &Address,
    username: &str,
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let old = sqlx::query("DELETE FROM login_failures WHERE at <= $1").bind(now_ms - WINDOW_MS);
    old.execute(&mut *connection).await?;
    let sql = "INSERT INTO login_failures (at, address, username) VALUES ($1, $2, $3)";
    let insert = sqlx::query(sql)
        .bind(now_ms)
        .bind(&address.0)
        .bind(username);
    insert.execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Address, retry_after_s};

    #[test]
    fn five_are_wrong_and_six_too_many() {
        let wrong = |n| (0..n).map(|i| 100_000 - i * 1000);
        assert_eq!(retry_after_s(wrong(5), 100_500), None);
        assert_eq!(retry_after_s(wrong(6), 100_500), Some(55));
        assert_eq!(retry_after_s(wrong(8), 100_500), Some(55));
    }

    #[test]
    fn a_host_cannot_hide_behind_its_many_addresses() {
        let address = |text: &str| Address::from(text.parse::<std::net::IpAddr>().unwrap());
        assert_eq!(address("2001:db8::1"), address("2001:db8::2:3"));
        assert_ne!(address("2001:db8::1"), address("2001:db8:0:1::1"));
        assert_eq!(address("::ffff:10.0.0.1"), address("10.0.0.1"));
        assert_ne!(address("10.0.0.1"), address("10.0.0.2"));
    }
}
