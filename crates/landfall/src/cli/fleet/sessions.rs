//! Sessions, their courses, and who was there.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use ureq::http::Method;

use super::client::{Server, escape};
use super::table::{Column, show_list, show_one};
use crate::cli::Failure;

/// List sessions, start, show or end one
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall fleet sessions --state active
  landfall fleet sessions start CS101 2024/2025 '1st Semester' --room B12 --preview
  landfall fleet sessions marks 12")]
#[command(after_help = "Examples:
  landfall fleet sessions start CS101 2024/2025 '1st Semester' --preview
  landfall fleet sessions marks 12
  landfall fleet sessions end 12")]
pub(super) struct Sessions {
    #[command(subcommand)]
    what: Option<SessionWord>,
    /// Only those that are active or ended
    #[arg(long)]
    state: Option<String>,
}

#[derive(Debug, Subcommand)]
enum SessionWord {
    /// Start one; with --preview only say what would happen
    Start(Start),
    /// Show one
    Show { id: i64 },
    /// Show who was there
    Marks { id: i64 },
    /// End one
    End { id: i64 },
}

#[derive(Debug, Args)]
struct Start {
    course: String,
    session: String,
    semester: String,
    /// How many devices
    #[arg(long, default_value_t = 1)]
    devices: u32,
    /// Where it is: devices of that room come first
    #[arg(long)]
    room: Option<String>,
    /// When it ends, as 2026-01-31T10:00:00Z
    #[arg(long)]
    ends_at: Option<String>,
    /// After how many seconds students are late
    #[arg(long)]
    late_after_s: Option<u32>,
    /// Its time zone, as Africa/Lagos
    #[arg(long)]
    zone: Option<String>,
    /// Ask students for the rotating code
    #[arg(long)]
    require_code: bool,
    /// Who holds it, where an admin starts it
    #[arg(long)]
    lecturer: Option<String>,
    /// Say what would happen, and start nothing
    #[arg(long)]
    preview: bool,
}

const SESSIONS: &[Column] = &[
    ("ID", "/id"),
    ("COURSE", "/course"),
    ("SESSION", "/session"),
    ("SEMESTER", "/semester"),
    ("STATE", "/state"),
    ("SSID", "/ssid"),
    ("PRESENT", "/counts/present"),
    ("LATE", "/counts/late"),
    ("ROSTER", "/counts/roster"),
];

const MARKS: &[Column] = &[
    ("MATRIC", "/matric"),
    ("NAME", "/name"),
    ("STATUS", "/status"),
    ("WHEN", "/marked_at"),
    ("SOURCE", "/source"),
    ("REASON", "/reason"),
];

impl Sessions {
    pub(super) fn run(self, server: &Server) -> Result<(), Failure> {
        let client = server.client()?;
        match self.what {
            None => {
                let state = self.state.map(|state| format!("?state={}", escape(&state)));
                let path = format!("/api/v1/sessions{}", state.unwrap_or_default());
                show_list(server, &client.list(&path)?, SESSIONS)
            }
            Some(SessionWord::Start(start)) => {
                let path = if start.preview { "/preview" } else { "" };
                let path = format!("/api/v1/sessions{path}");
                show_one(
                    server,
                    &client.json(Method::POST, &path, Some(&start.body()))?,
                )
            }
            Some(SessionWord::Show { id }) => {
                let path = format!("/api/v1/sessions/{id}");
                show_one(server, &client.json(Method::GET, &path, None)?)
            }
            Some(SessionWord::Marks { id }) => {
                let list = client.list(&format!("/api/v1/sessions/{id}/marks"))?;
                show_list(server, &list, MARKS)
            }
            Some(SessionWord::End { id }) => {
                let path = format!("/api/v1/sessions/{id}/end");
                show_one(server, &client.json(Method::POST, &path, None)?)
            }
        }
    }
}

impl Start {
    fn body(&self) -> Value {
        let mut body = json!({
            "course": self.course,
            "session": self.session,
            "semester": self.semester,
            "devices": self.devices,
            "require_code": self.require_code,
        });
        if let Some(seconds) = self.late_after_s {
            body["late_after_s"] = seconds.into();
        }
        for (name, value) in [
            ("room", &self.room),
            ("ends_at", &self.ends_at),
            ("zone", &self.zone),
            ("lecturer", &self.lecturer),
        ] {
            if let Some(value) = value {
                body[name] = value.as_str().into();
            }
        }
        body
    }
}

/// List courses, or add one
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  landfall fleet courses add CS101 'Introduction to Computer Science'"
)]
#[command(after_help = "Examples:
  landfall fleet courses
  landfall fleet courses add CS101 'Introduction to computing'")]
pub(super) struct Courses {
    #[command(subcommand)]
    what: Option<CourseWord>,
}

#[derive(Debug, Subcommand)]
enum CourseWord {
    /// Add one
    Add { code: String, title: String },
    /// Delete one
    Delete { code: String },
}

impl Courses {
    pub(super) fn run(self, server: &Server) -> Result<(), Failure> {
        let client = server.client()?;
        match self.what {
            None => {
                let list = client.list("/api/v1/courses")?;
                show_list(server, &list, &[("CODE", "/code"), ("TITLE", "/title")])
            }
            Some(CourseWord::Add { code, title }) => {
                let body = json!({"code": code, "title": title});
                show_one(
                    server,
                    &client.json(Method::POST, "/api/v1/courses", Some(&body))?,
                )
            }
            Some(CourseWord::Delete { code }) => {
                let path = format!("/api/v1/courses/{}", escape(&code));
                client.json(Method::DELETE, &path, None).map(drop)
            }
        }
    }
}

/// Export the attendance of a session
#[derive(Debug, Args)]
#[command(after_help = "Example:
  landfall fleet export 12 --format xlsx --to attendance.xlsx")]
pub(super) struct Export {
    /// Which session
    id: i64,
    /// How
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    /// Where to; on stdout where absent
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Xlsx,
}

impl Export {
    pub(super) fn run(self, server: &Server) -> Result<(), Failure> {
        let end = match self.format {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
        };
        let path = format!("/api/v1/sessions/{}/marks.{end}", self.id);
        let answer = server.client()?.ask(Method::GET, &path, None)?;
        match self.to {
            None => std::io::stdout()
                .write_all(&answer.body)
                .map_err(|e| Failure::new("stdout", e, "keep it open")),
            Some(file) => std::fs::write(&file, answer.body)
                .map_err(|e| Failure::new(file.display(), e, "name a place that can be written")),
        }
    }
}
