//! Moments as they are sent: RFC 3339 in UTC, whole seconds.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::{PartialSchema, ToSchema, openapi};

/// A moment in milliseconds since 1970, UTC, sent as `2026-01-31T09:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) i64);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seconds = self.0.div_euclid(1000);
        let at = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
        serializer.collect_str(&at)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let at: Timestamp = text.parse().map_err(|_| {
            de::Error::custom("a moment is written like 2026-01-31T09:00:00Z (RFC 3339)")
        })?;
        Ok(Self(at.as_millisecond()))
    }
}

impl PartialSchema for Time {
    fn schema() -> openapi::RefOr<openapi::schema::Schema> {
        let format = openapi::SchemaFormat::KnownFormat(openapi::KnownFormat::DateTime);
        openapi::ObjectBuilder::new()
            .schema_type(openapi::schema::Type::String)
            .format(Some(format))
            .build()
            .into()
    }
}

impl ToSchema for Time {}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn a_moment_is_sent_in_whole_seconds() {
        let sent = serde_json::to_string(&Time(1_769_850_000_999)).unwrap();
        assert_eq!(sent, "\"2026-01-31T09:00:00Z\"");
        let read: Time = serde_json::from_str("\"2026-01-31T10:00:00+01:00\"").unwrap();
        assert_eq!(read, Time(1_769_850_000_000));
        assert!(serde_json::from_str::<Time>("\"2026-01-31T10:00:00\"").is_err());
        assert!(serde_json::from_str::<Time>("17").is_err());
    }
}
