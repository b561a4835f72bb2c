//! Takes in the marks of a heartbeat: judges each, enters what counts, and remembers what each was
//! answered. Nothing is answered before it is on disk, so a device may forget what was answered.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use sqlx::AnyConnection;

use super::entries::{self, Flag, NewEntry, Source, Status};
use super::judgement::{Clocks, Held, Rules, Verdict, judge};
use super::matric::Matric;
use crate::app::App;
use crate::change::Change;
use crate::database::{DatabaseError, Tx};
use crate::fleet::report::ReportedMark;
use crate::sessions::enrolments;
use crate::sessions::store::{self, Session};

/// Longest id of a mark, in characters.
const MARK_ID_MAX: usize = 64;
/// Longest hash of a station that is kept, in characters.
const STATION_MAX: usize = 64;

/// A heartbeat, as far as its marks are judged by it.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// The device that is known by the request's credentials.
    pub(crate) hardware_id: String,
    /// Wall time of its arrival in ms since 1970.
    pub(crate) received_at: i64,
    pub(crate) boot_id: Option<String>,
    pub(crate) uptime_ms: Option<u64>,
}

/// What became of a mark. Every one acknowledges it: the device forgets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkResult {
    /// It was entered.
    Recorded,
    /// The student had marked in this session before.
    AlreadyRecorded,
    NotEnrolled,
    /// No session of that id is held by the device, or was when the mark was taken.
    NoActiveSession,
    WrongCode,
    /// No mark at all: its id or matric number cannot be one.
    Invalid,
}

const RESULTS: [MarkResult; 6] = [
    MarkResult::Recorded,
    MarkResult::AlreadyRecorded,
    MarkResult::NotEnrolled,
    MarkResult::NoActiveSession,
    MarkResult::WrongCode,
    MarkResult::Invalid,
];

impl MarkResult {
    /// The word on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::AlreadyRecorded => "already_recorded",
            Self::NotEnrolled => "not_enrolled",
            Self::NoActiveSession => "no_active_session",
            Self::WrongCode => "wrong_code",
            Self::Invalid => "invalid",
        }
    }

    fn of(name: &str) -> Option<Self> {
        RESULTS.into_iter().find(|result| result.name() == name)
    }
}

/// Judges and enters marks, and answers what became of each, in their order, once it is on disk.
///
/// # Errors
/// Where the database is lost or has too much to write; nothing of it was entered then, and the
/// device sends the marks again.
pub(crate) async fn intake(
    app: &App,
    delivery: Delivery,
    marks: Vec<ReportedMark>,
) -> Result<Vec<(String, MarkResult)>, DatabaseError> {
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    let job = async move |mut tx: Tx| {
        let mut answers = Vec::with_capacity(marks.len());
        let mut sessions = HashMap::new();
        for mark in marks {
            let result = take(&mut tx, &mut sessions, &delivery, &mark).await?;
            answers.push((mark.id, result));
        }
        Ok(answers)
    };
    app.database.write(job).await
}

/// Sessions that marks of one heartbeat name, with the rules for its device.
type Sessions = HashMap<i64, Option<(Session, Rules)>>;

async fn take(
    tx: &mut Tx,
    sessions: &mut Sessions,
    delivery: &Delivery,
    mark: &ReportedMark,
) -> Result<MarkResult, DatabaseError> {
    if mark.id.is_empty() || mark.id.chars().count() > MARK_ID_MAX {
        return Ok(MarkResult::Invalid);
    }
    if let Some(answered) = answered(tx, &delivery.hardware_id, &mark.id).await? {
        return Ok(answered);
    }
    let result = enter(tx, sessions, delivery, mark).await?;
    let sql = "INSERT INTO mark_receipts (hardware_id, mark_id, result, at) \
               VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let receipt = sqlx::query(sql)
        .bind(&delivery.hardware_id)
        .bind(&mark.id)
        .bind(result.name())
        .bind(delivery.received_at);
    receipt.execute(&mut **tx).await?;
    Ok(result)
}

/// What the same mark was answered before.
async fn answered(
    connection: &mut AnyConnection,
    hardware_id: &str,
    mark_id: &str,
) -> Result<Option<MarkResult>, DatabaseError> {
    let sql = "SELECT result FROM mark_receipts WHERE hardware_id = $1 AND mark_id = $2";
    let query = sqlx::query_scalar::<_, String>(sql)
        .bind(hardware_id)
        .bind(mark_id);
    let result = query.fetch_optional(connection).await?;
    Ok(result.as_deref().and_then(MarkResult::of))
}

/// Judges a mark that is new, and enters it where it counts.
async fn enter(
    tx: &mut Tx,
    sessions: &mut Sessions,
    delivery: &Delivery,
    mark: &ReportedMark,
) -> Result<MarkResult, DatabaseError> {
    let matric = mark.matric.as_deref().map(Matric::new);
    let (Some(Ok(matric)), Some(session_id)) = (matric, mark.session_id) else {
        return Ok(MarkResult::Invalid);
    };
    if let Entry::Vacant(place) = sessions.entry(session_id) {
        place.insert(find(tx, session_id, &delivery.hardware_id).await?);
    }
    let Some(Some((session, rules))) = sessions.get(&session_id) else {
        return Ok(MarkResult::NoActiveSession);
    };
    let clocks = Clocks {
        received_at: delivery.received_at,
        uptime_ms: delivery.uptime_ms,
        taken_uptime_ms: mark.taken_uptime_ms,
        same_boot: mark.boot_id.is_none() || mark.boot_id == delivery.boot_id,
    };
    let (late, taken, after_close) = match judge(rules, clocks, mark.code.as_deref()) {
        Verdict::NoActiveSession => return Ok(MarkResult::NoActiveSession),
        Verdict::WrongCode => return Ok(MarkResult::WrongCode),
        Verdict::Counts {
            late,
            taken,
            after_close,
        } => (late, taken, after_close),
    };
    let offering = &session.offering;
    let class = (
        session.course_id,
        offering.session.as_str(),
        offering.semester.as_str(),
    );
    if !enrolments::is_enrolled(tx, class, &matric.key()).await? {
        return Ok(MarkResult::NotEnrolled);
    }
    let flags = [
        (taken.clock_unknown, Flag::Clock),
        (after_close, Flag::AfterClose),
    ];
    let station = mark.station.clone();
    let entry = NewEntry {
        session_id,
        matric,
        status: if late { Status::Late } else { Status::Present },
        marked_at: taken.at,
        recorded_at: delivery.received_at,
        source: Source::Device {
            hardware_id: delivery.hardware_id.clone(),
            station: station.filter(|one| !one.is_empty() && one.len() <= STATION_MAX),
            flags: flags
                .into_iter()
                .filter_map(|(is, flag)| is.then_some(flag))
                .collect(),
        },
    };
    if entries::add(tx, &entry).await?.is_none() {
        return Ok(MarkResult::AlreadyRecorded);
    }
    tx.changed(Change::Mark { session_id });
    Ok(MarkResult::Recorded)
}

/// A session, with the rules by which a device's marks are judged.
async fn find(
    connection: &mut AnyConnection,
    session_id: i64,
    hardware_id: &str,
) -> Result<Option<(Session, Rules)>, DatabaseError> {
    let Some(session) = store::find(connection, session_id).await? else {
        return Ok(None);
    };
    let leases = store::leases(connection, session_id).await?;
    let own = leases
        .iter()
        .filter(|lease| lease.hardware_id == hardware_id);
    let rules = Rules {
        started_at: session.times.started_at,
        ended_at: session.times.ended_at,
        late_after_ms: session.times.late_after_s.saturating_mul(1000),
        code: session.secrets.code(),
        held: own
            .map(|one| Held {
                from: one.held_from,
                until: one.held_until,
            })
            .collect(),
    };
    Ok(Some((session, rules)))
}
