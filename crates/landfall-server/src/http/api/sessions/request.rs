//! What somebody asks for who starts a session, and what is wrong with it.

use jiff::tz::TimeZone;
use landfall_core::net::Passphrase;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::http::api::fields::{self, CODE_MAX, TERM_MAX, TITLE_MAX};
use crate::http::time::Time;
use crate::people::user::{Role, User};
use crate::problem::{FieldError, Problem};
use crate::sessions::courses::Offering;
use crate::sessions::start::{Starter, Wanted};
use crate::sessions::store::Wish;

/// The zone of a session that names none: that of the universities this was made for.
const ZONE_DEFAULT: &str = "Africa/Lagos";
/// Most devices of one session.
const DEVICES_MAX: i64 = 100;
/// The latest moment at which lateness may begin, in seconds after the start: a week.
const LATE_AFTER_MAX_S: i64 = 7 * 24 * 3600;
/// Longest name of a zone, in bytes.
const ZONE_MAX: usize = 64;

/// A session to be.
#[derive(Deserialize, ToSchema)]
pub(super) struct NewSession {
    /// The code of a course.
    #[schema(min_length = 1, max_length = 64)]
    course: String,
    /// The academic session, `2024/2025`.
    #[schema(min_length = 1, max_length = 64)]
    session: String,
    #[schema(min_length = 1, max_length = 64)]
    semester: String,
    /// How many devices; where fewer are free it starts with those.
    #[schema(minimum = 1, maximum = 100, default = 1)]
    devices: Option<i64>,
    /// Devices of this room come first.
    #[schema(max_length = 64)]
    room: Option<String>,
    /// When it ends by itself; in the future.
    ends_at: Option<Time>,
    /// Lateness begins so many seconds after the start; absent: as the settings say.
    #[schema(minimum = 0, maximum = 604_800)]
    late_after_s: Option<i64>,
    /// The IANA zone in which its times are shown.
    #[schema(default = "Africa/Lagos")]
    zone: Option<String>,
    /// Whether students type the rotating code.
    #[schema(default = false)]
    require_code: Option<bool>,
    /// The access points' passphrase, 8..=63 characters; absent: they are open.
    #[schema(max_length = 64)]
    passphrase: Option<String>,
    /// Who holds it; only an admin names another one.
    #[schema(max_length = 128)]
    lecturer: Option<String>,
}

impl NewSession {
    /// What is wanted, by that user. `late_after_s` is the settings'.
    ///
    /// # Errors
    /// 422 with everything that is wrong; what only the database knows is looked at later.
    pub(super) fn parse(self, user: &User, late_after_s: i64) -> Result<Wanted, Problem> {
        let mut wrong = Vec::new();
        let offering = Offering {
            course: fields::text(&mut wrong, "course", &self.course, CODE_MAX),
            session: fields::text(&mut wrong, "session", &self.session, TERM_MAX),
            semester: fields::text(&mut wrong, "semester", &self.semester, TERM_MAX),
        };
        let room = self.room.as_deref().filter(|room| !room.trim().is_empty());
        let room = fields::optional(&mut wrong, "room", room, TERM_MAX);
        let named = fields::optional(&mut wrong, "lecturer", self.lecturer.as_deref(), TITLE_MAX);
        let wanted = self.devices.unwrap_or(1);
        check(&mut wrong, "devices", wanted, 1..=DEVICES_MAX);
        let late_after_s = self.late_after_s.unwrap_or(late_after_s);
        check(
            &mut wrong,
            "late_after_s",
            late_after_s,
            0..=LATE_AFTER_MAX_S,
        );
        let zone = zone(&mut wrong, self.zone.as_deref().unwrap_or(ZONE_DEFAULT));
        let passphrase = self.passphrase.map(Zeroizing::new);
        let passphrase = passphrase.filter(|passphrase| !passphrase.is_empty());
        if let Some(passphrase) = &passphrase
            && Passphrase::new(passphrase.as_bytes()).is_err()
        {
            refuse(
                &mut wrong,
                "passphrase",
                "it has to be 8..=63 printable ASCII characters",
            );
        }
        fields::refuse(wrong)?;
        Ok(Wanted {
            offering,
            wish: Wish { wanted, room },
            ends_at: self.ends_at.map(|Time(at)| at),
            late_after_s,
            zone,
            require_code: self.require_code.unwrap_or(false),
            passphrase: passphrase.map(|passphrase| passphrase.to_string()),
            by: starter(user, named.as_deref()),
            lecturer: named.unwrap_or_else(|| user.username.clone()),
        })
    }
}

fn starter(user: &User, named: Option<&str>) -> Starter {
    match (user.role, named) {
        (Role::Admin, _) => Starter::Admin,
        (Role::Lecturer | Role::Student, Some(named)) if named != user.username => {
            Starter::LecturerForAnother
        }
        (Role::Lecturer | Role::Student, _) => Starter::Lecturer,
    }
}

/// The zone by the name the database of zones has for it.
fn zone(wrong: &mut Vec<FieldError>, name: &str) -> String {
    let known = (name.len() <= ZONE_MAX)
        .then(|| TimeZone::get(name).ok())
        .flatten();
    match known.as_ref().and_then(TimeZone::iana_name) {
        Some(known) => known.to_owned(),
        None => {
            refuse(wrong, "zone", "it has to be an IANA zone like Africa/Lagos");
            String::new()
        }
    }
}

fn check(
    wrong: &mut Vec<FieldError>,
    path: &str,
    value: i64,
    range: std::ops::RangeInclusive<i64>,
) {
    if !range.contains(&value) {
        refuse(
            wrong,
            path,
            &format!("it has to be {}..={}", range.start(), range.end()),
        );
    }
}

fn refuse(wrong: &mut Vec<FieldError>, path: &str, message: &str) {
    wrong.push(FieldError {
        path: path.to_owned(),
        message: message.to_owned(),
    });
}
