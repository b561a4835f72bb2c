//! The members of a heartbeat that are objects and lists of objects.

use std::borrow::Cow;

use super::members::Taker;
use super::value::Loose;
use super::{
    MARK_ID_MAX, MARKS_MAX, RSSI, ReportedMark, RolloutResult, STATIONS_MAX, Station, TEXT_MAX,
};

impl<'a> Taker<'_, 'a> {
    /// The member of that name.
    pub(super) fn rollout(&mut self) -> Option<RolloutResult> {
        let object: Loose<'a> = self.object("rollout", self.raw("rollout")?)?;
        let id = object.integer("id").and_then(|n| i64::try_from(n).ok());
        let proven = match object.text("result").as_deref() {
            Some("proven") => Some(true),
            Some("rolled_back") => Some(false),
            Some(_) | None => None,
        };
        let (Some(id), Some(proven)) = (id, proven) else {
            return self.leave("rollout");
        };
        let fits = |class: &Cow<'_, str>| class.len() <= TEXT_MAX && !class.contains('\0');
        let class = object.text("class").filter(fits);
        Some(RolloutResult {
            id,
            proven,
            class: class.map(Cow::into_owned),
        })
    }

    /// The member of that name.
    pub(super) fn stations(&mut self) -> Option<Vec<Station>> {
        let list = self.list("stations", STATIONS_MAX)?;
        let mut stations = Vec::with_capacity(list.len());
        for (at, raw) in list.into_iter().enumerate() {
            let path = format!("stations[{at}]");
            let Some(object) = self.object(&path, raw.get()) else {
                continue;
            };
            let Some(station) = object.text("station").filter(|t| t.len() <= TEXT_MAX) else {
                self.leave::<()>(&path);
                continue;
            };
            let (min, max) = (i128::from(RSSI.0), i128::from(RSSI.1));
            let rssi = self.of_list(&object, &path, "rssi", |n| (min..=max).contains(&n));
            let since_ms = self.of_list(&object, &path, "since_ms", |n| u64::try_from(n).is_ok());
            stations.push(Station {
                station: station.into_owned(),
                since_ms: since_ms.and_then(|n| u64::try_from(n).ok()),
                rssi: rssi.map(|n| n as i8),
            });
        }
        Some(stations)
    }

    /// A number of an object in a list, where it is there and right.
    fn of_list(
        &mut self,
        object: &Loose<'a>,
        path: &str,
        name: &str,
        fits: impl Fn(i128) -> bool,
    ) -> Option<i128> {
        if !object.has(name) {
            return None;
        }
        match object.integer(name).filter(|n| fits(*n)) {
            Some(number) => Some(number),
            None => self.leave(&format!("{path}.{name}")),
        }
    }

    /// The member of that name.
    pub(super) fn marks(&mut self) -> Vec<ReportedMark> {
        let mut marks = Vec::new();
        let list = self.list("marks", MARKS_MAX).unwrap_or_default();
        for (at, raw) in list.into_iter().enumerate() {
            let path = format!("marks[{at}]");
            let Some(object) = self.object(&path, raw.get()) else {
                continue;
            };
            let id = object.text("id").filter(|id| is_mark_id(id));
            let Some(id) = id else {
                self.leave::<()>(&format!("{path}.id"));
                continue;
            };
            let taken = self.of_list(&object, &path, "taken_uptime_ms", |n| {
                u64::try_from(n).is_ok()
            });
            let text = |name: &str| object.text(name).map(Cow::into_owned);
            let fits = |text: &String| text.len() <= TEXT_MAX && !text.contains('\0');
            let short = |name: &str| text(name).filter(fits);
            marks.push(ReportedMark {
                id: id.into_owned(),
                session_id: object
                    .integer("session_id")
                    .and_then(|n| i64::try_from(n).ok()),
                matric: short("matric"),
                code: short("code"),
                taken_uptime_ms: taken.and_then(|n| u64::try_from(n).ok()),
                boot_id: object.text_or_number("boot_id"),
                station: short("station"),
            });
        }
        marks
    }
}

fn is_mark_id(text: &str) -> bool {
    // PostgreSQL has no text with U+0000.
    (1..=MARK_ID_MAX).contains(&text.chars().count()) && !text.contains('\0')
}
