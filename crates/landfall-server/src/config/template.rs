//! What a session is called on the air: templates, and how a name that is too long is cut.
//!
//! A template is text with `{course}`, `{title}`, `{session}` and `{semester}` in it. Pure: the
//! page that starts a session, its preview and the session itself all render by this.

use std::fmt;

use sha2::{Digest, Sha256};

/// Longest SSID, in bytes (IEEE 802.11).
pub const SSID_MAX: usize = 32;
/// Longest device id, device name and location, in bytes.
pub const NAME_MAX: usize = 64;
/// Longest template, in bytes.
pub const TEMPLATE_MAX: usize = 256;
/// Bytes that mark a name as cut: `_` and hexadecimal digits of a hash.
const MARK_LEN: usize = 1 + HASH_DIGITS;
const HASH_DIGITS: usize = 4;

/// What a session is held for; fills the templates.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The course's code, `CS101`.
    pub course: &'a str,
    /// The course's title.
    pub title: &'a str,
    /// The academic session, `2024/2025`.
    pub session: &'a str,
    /// The semester, `1st Semester`.
    pub semester: &'a str,
}

/// A text with places to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Place(Place),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Course,
    Title,
    Session,
    Semester,
}

impl Place {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Course, "course"),
        (Self::Title, "title"),
        (Self::Session, "session"),
        (Self::Semester, "semester"),
    ];

    fn of<'a>(self, occasion: &Occasion<'a>) -> &'a str {
        match self {
            Self::Course => occasion.course,
            Self::Title => occasion.title,
            Self::Session => occasion.session,
            Self::Semester => occasion.semester,
        }
    }
}

/// Why a text is no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotATemplate {
    /// It is empty or longer than [`TEMPLATE_MAX`].
    Length,
    /// A brace stands in it that begins or ends no place.
    LoneBrace,
    /// A place that there is not.
    UnknownPlace,
}

impl fmt::Display for NotATemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "expected 1 to 256 bytes",
            Self::LoneBrace => {
                "a lone brace; write {course}, {title}, {session} or {semester}, and no other braces"
            }
            Self::UnknownPlace => "expected {course}, {title}, {session} or {semester}",
        })
    }
}

impl std::error::Error for NotATemplate {}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// Where a brace in it is none of a place.
    pub fn parse(text: &str) -> Result<Self, NotATemplate> {
        if text.is_empty() || text.len() > TEMPLATE_MAX {
            return Err(NotATemplate::Length);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, behind) = rest.split_at(at);
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            let behind = behind.strip_prefix('{').ok_or(NotATemplate::LoneBrace)?;
            let (name, after) = behind.split_once('}').ok_or(NotATemplate::LoneBrace)?;
            if name.contains('{') {
                return Err(NotATemplate::LoneBrace);
            }
            let place = Place::ALL.iter().find(|(_, known)| *known == name);
            let (place, _) = place.ok_or(NotATemplate::UnknownPlace)?;
            parts.push(Part::Place(*place));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    fn fill(&self, occasion: &Occasion<'_>) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Place(place) => place.of(occasion).to_owned(),
        };
        self.0.iter().map(part).collect()
    }
}

/// The templates of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Templates {
    /// The id that the device takes for the session.
    pub device_id: Template,
    /// Its access point's name.
    pub ssid: Template,
    /// What people call it meanwhile.
    pub name: Template,
    /// Where it is.
    pub location: Template,
}

/// The templates of a fleet that set none, as the server before had them.
pub const DEFAULTS: [(&str, &str); 4] = [
    ("device_id_template", "ESP32_{course}_{session}_{semester}"),
    ("ssid_template", "{course}_Attendance_{session}"),
    ("name_template", "{course} - {title}"),
    (
        "location_template",
        "{course} Classroom - {session} {semester}",
    ),
];

/// What the templates give for an occasion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The first device's id; further ones get a suffix ([`with_ordinal`]).
    pub device_id: String,
    /// The SSID, before another session's running one is avoided ([`distinct_ssid`]).
    pub ssid: String,
    /// The SSID before it was cut, which [`distinct_ssid`] takes.
    pub whole_ssid: String,
    /// What people call the devices meanwhile.
    pub device_name: String,
    /// Where they are.
    pub location: String,
}

impl Default for Templates {
    fn default() -> Self {
        Self::of(|_| None)
    }
}

impl Templates {
    /// The templates that are stored under these names, and the defaults for the others.
    pub fn of<'a>(stored: impl Fn(&str) -> Option<&'a str>) -> Self {
        let one = |at: usize| {
            let (name, default) = DEFAULTS[at];
            let text = stored(name).and_then(|text| Template::parse(text).ok());
            text.unwrap_or_else(|| {
                // The defaults are templates: a test reads them.
                Template::parse(default).unwrap_or(Template(Vec::new()))
            })
        };
        Self {
            device_id: one(0),
            ssid: one(1),
            name: one(2),
            location: one(3),
        }
    }

    /// The names of a session.
    pub fn names(&self, occasion: &Occasion<'_>) -> Names {
        let whole_ssid = on_air(&self.ssid.fill(occasion));
        Names {
            device_id: cut(&on_air(&self.device_id.fill(occasion)), NAME_MAX),
            ssid: cut(&whole_ssid, SSID_MAX),
            whole_ssid,
            device_name: cut(&self.name.fill(occasion), NAME_MAX),
            location: cut(&self.location.fill(occasion), NAME_MAX),
        }
    }
}

/// The id of the `ordinal`-th device of that template's id, counted from 1: the first has the id
/// itself, the second `_2` behind it. Never longer than [`NAME_MAX`].
pub fn with_ordinal(device_id: &str, ordinal: u32) -> String {
    if ordinal <= 1 {
        return device_id.to_owned();
    }
    let suffix = format!("_{ordinal}");
    let kept = head(device_id, NAME_MAX - suffix.len());
    format!("{kept}{suffix}")
}

/// An SSID that no other running session has: `taken` tells whether one is. The suffix is a hash
/// over SSID and ordinal.
pub fn distinct_ssid(whole: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut ssid = cut(whole, SSID_MAX);
    // Four digits give 65 536 suffixes; no more sessions run at once.
    for ordinal in 2_u32..=1 << 16 {
        if !taken(&ssid) {
            break;
        }
        ssid = marked(whole, SSID_MAX, &format!("{whole}{ordinal}"));
    }
    ssid
}

/// Space and `/` as `_`: what stands in ids and SSIDs.
fn on_air(text: &str) -> String {
    text.replace([' ', '/'], "_")
}

/// The text, or, where it is longer than `max` bytes, its head with a mark behind it.
fn cut(text: &str, max: usize) -> String {
    if text.len() <= max {
        text.to_owned()
    } else {
        marked(text, max, text)
    }
}

fn marked(text: &str, max: usize, hashed: &str) -> String {
    let hash = Sha256::digest(hashed.as_bytes());
    let kept = head(text, max - MARK_LEN);
    format!("{kept}_{:02x}{:02x}", hash[0], hash[1])
}

/// As many whole characters of the beginning as fit that many bytes.
fn head(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    const ADA: Occasion<'_> = Occasion {
        course: "CS101",
        title: "Introduction to Computer Science",
        session: "2024/2025",
        semester: "1st Semester",
    };

    fn check(occasion: Occasion<'_>, expected: Expect) {
        let names = Templates::default().names(&occasion);
        assert!(names.ssid.len() <= SSID_MAX && names.device_id.len() <= NAME_MAX);
        assert!(names.device_name.len() <= NAME_MAX && names.location.len() <= NAME_MAX);
        expected.assert_eq(&format!(
            "{}\n{}\n{}\n{}\n",
            names.device_id, names.ssid, names.device_name, names.location
        ));
    }

    #[test]
    fn the_defaults_give_what_the_server_before_gave() {
        check(
            ADA,
            expect![[r#"
                ESP32_CS101_2024_2025_1st_Semester
                CS101_Attendance_2024_2025
                CS101 - Introduction to Computer Science
                CS101 Classroom - 2024/2025 1st Semester
            "#]],
        );
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character_and_marked() {
        check(
            Occasion {
                course: "ÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉ",
                title: "A title that goes on for as long as titles of courses may well go on for",
                ..ADA
            },
            expect![[r#"
                ESP32_ÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉ_2024_2025_1s_8bc8
                ÉÉÉÉÉÉÉÉÉÉÉÉÉ_464f
                ÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉ - A title that goe_65c3
                ÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉÉ Classroom - 2024/2_c318
            "#]],
        );
        let exact = "x".repeat(SSID_MAX);
        assert_eq!(cut(&exact, SSID_MAX), exact);
    }

    #[test]
    fn a_template_has_no_lone_brace() {
        for (text, expected) in [
            ("plain", Ok(())),
            ("{course}{title} {session}/{semester}", Ok(())),
            ("", Err(NotATemplate::Length)),
            ("{course", Err(NotATemplate::LoneBrace)),
            ("course}", Err(NotATemplate::LoneBrace)),
            ("{{course}}", Err(NotATemplate::LoneBrace)),
            ("{", Err(NotATemplate::LoneBrace)),
            ("{teacher}", Err(NotATemplate::UnknownPlace)),
            ("{}", Err(NotATemplate::UnknownPlace)),
        ] {
            assert_eq!(Template::parse(text).map(|_| ()), expected, "{text}");
        }
        let long = "x".repeat(TEMPLATE_MAX + 1);
        assert_eq!(Template::parse(&long), Err(NotATemplate::Length));
        for (_, text) in DEFAULTS {
            assert!(Template::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn later_devices_get_a_number_that_fits() {
        assert_eq!(with_ordinal("ESP32_A", 1), "ESP32_A");
        assert_eq!(with_ordinal("ESP32_A", 2), "ESP32_A_2");
        let long = "x".repeat(NAME_MAX);
        assert_eq!(with_ordinal(&long, 12).len(), NAME_MAX);
        assert!(with_ordinal(&long, 12).ends_with("x_12"));
    }

    #[test]
    fn running_sessions_never_share_an_ssid() {
        let mut running: Vec<String> = Vec::new();
        for _ in 0..5 {
            let ssid = distinct_ssid("CS101_Attendance_2024_2025", |one| {
                running.iter().any(|taken| taken == one)
            });
            assert!(ssid.len() <= SSID_MAX && !running.contains(&ssid), "{ssid}");
            running.push(ssid);
        }
        assert_eq!(running[0], "CS101_Attendance_2024_2025");
        assert!(running[1].starts_with("CS101_Attendance_2024_2025_"));
    }
}
