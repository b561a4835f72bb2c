//! The one that writes. It takes what waits, runs each job inside a savepoint of one transaction,
//! commits once, and only then answers them all: a sync of the disk is shared by everybody who
//! waited for it.

use std::ops::{Deref, DerefMut};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, Executor};
use tokio::sync::{mpsc, oneshot};

use super::notify::notify;
use super::{DatabaseError, Kind, connect};
use crate::change::{Bus, Change};

/// Jobs that wait. One more is refused: overload is shed, not kept.
const QUEUE_MAX: usize = 1024;
/// Jobs of one transaction.
const GROUP_MAX: usize = 256;
/// How long a transaction takes further jobs, so that its first does not wait for ever.
const GROUP_TIME: Duration = Duration::from_millis(50);

/// The connection of the writer, lent to a job, and what the job says it changed.
///
/// It is an [`AnyConnection`] by dereference: a function that takes one reads through it too.
#[derive(Debug)]
pub struct Tx {
    lent: Option<Lent>,
    home: Option<oneshot::Sender<Lent>>,
}

#[derive(Debug)]
struct Lent {
    kind: Kind,
    connection: AnyConnection,
    changes: Vec<Change>,
}

/// A way to the writer. Clones lead to the same one.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Message>,
    counts: Arc<Counts>,
}

/// What was done so far.
#[derive(Debug, Default)]
struct Counts {
    jobs: AtomicU64,
    commits: AtomicU64,
    failures: AtomicU64,
}

/// What the writer did so far, and what waits for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    pub(crate) waiting: usize,
    pub(crate) jobs: u64,
    pub(crate) commits: u64,
    pub(crate) failures: u64,
}

enum Message {
    Job(Job),
    Close(oneshot::Sender<()>),
}

type Job = Box<dyn FnOnce(Tx) -> BoxFuture<'static, Outcome> + Send>;

/// Told whether the job was committed.
type Answer = Box<dyn FnOnce(Result<(), DatabaseError>) + Send>;

/// How a job ended, and how its caller hears it after the commit.
struct Outcome {
    keep: bool,
    answer: Answer,
}

impl Tx {
    /// Says that the job changed something: memory, watchers and other processes hear it once the
    /// job is committed, and never if it is not.
    pub fn changed(&mut self, change: Change) {
        let changes = &mut self.lent_mut().changes;
        if !changes.contains(&change) {
            changes.push(change);
        }
    }

    /// Which database it is.
    #[expect(clippy::expect_used, reason = "it is taken out by drop alone")]
    pub fn kind(&self) -> Kind {
        self.lent.as_ref().expect("lent until it is dropped").kind
    }

    #[expect(clippy::expect_used, reason = "it is taken out by drop alone")]
    fn lent_mut(&mut self) -> &mut Lent {
        self.lent.as_mut().expect("lent until it is dropped")
    }
}

impl Deref for Tx {
    type Target = AnyConnection;

    #[expect(clippy::expect_used, reason = "it is taken out by drop alone")]
    fn deref(&self) -> &AnyConnection {
        &self
            .lent
            .as_ref()
            .expect("lent until it is dropped")
            .connection
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        &mut self.lent_mut().connection
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if let (Some(lent), Some(home)) = (self.lent.take(), self.home.take()) {
            // A writer that is gone needs no connection.
            let _ = home.send(lent);
        }
    }
}

impl Writer {
    pub(super) fn start(
        kind: Kind,
        options: AnyConnectOptions,
        connection: AnyConnection,
        bus: Arc<Bus>,
    ) -> Self {
        let (jobs, waiting) = mpsc::channel(QUEUE_MAX);
        let counts = Arc::<Counts>::default();
        let actor = Actor {
            kind,
            options,
            connection: Some(connection),
            waiting,
            bus,
            counts: counts.clone(),
        };
        tokio::spawn(actor.run());
        Self { jobs, counts }
    }

    pub(super) async fn write<T, E, F, Fut>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(Tx) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let job: Job = Box::new(move |tx| {
            async move {
                let running = AssertUnwindSafe(job(tx)).catch_unwind();
                let result = running.await.unwrap_or_else(|_| {
                    tracing::error!("a job of the writer panicked");
                    Err(DatabaseError::Defect.into())
                });
                let keep = result.is_ok();
                let answer = move |committed: Result<(), DatabaseError>| {
                    // Who asked may have gone.
                    let _ = sender.send(committed.map_err(E::from).and(result));
                };
                Outcome {
                    keep,
                    answer: Box::new(answer),
                }
            }
            .boxed()
        });
        let full = |_| DatabaseError::Busy;
        self.jobs.try_send(Message::Job(job)).map_err(full)?;
        // A job that is dropped unanswered was not committed.
        answer
            .await
            .unwrap_or_else(|_| Err(DatabaseError::Lost.into()))
    }

    pub(super) fn written(&self) -> Written {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Written {
            waiting: QUEUE_MAX - self.jobs.capacity(),
            jobs: read(&self.counts.jobs),
            commits: read(&self.counts.commits),
            failures: read(&self.counts.failures),
        }
    }

    pub(super) async fn close(&self) {
        let (sender, closed) = oneshot::channel();
        if self.jobs.send(Message::Close(sender)).await.is_ok() {
            let _ = closed.await;
        }
    }
}

struct Actor {
    kind: Kind,
    options: AnyConnectOptions,
    /// None once it broke: the next group connects anew.
    connection: Option<AnyConnection>,
    waiting: mpsc::Receiver<Message>,
    bus: Arc<Bus>,
    counts: Arc<Counts>,
}

impl Actor {
    async fn run(mut self) {
        while let Some(message) = self.waiting.recv().await {
            match message {
                Message::Job(job) => {
                    if let Some(closed) = self.group(job).await {
                        let _ = closed.send(());
                        return;
                    }
                }
                Message::Close(closed) => {
                    let _ = closed.send(());
                    return;
                }
            }
        }
    }

    /// Runs that job and what waits behind it, commits, and answers. Returns who asked to close.
    async fn group(&mut self, first: Job) -> Option<oneshot::Sender<()>> {
        let mut group = Group::default();
        let closing = match self.begin().await {
            Ok(()) => self.fill(first, &mut group).await,
            Err(error) => {
                tracing::warn!(%error, "the writer cannot begin");
                self.connection = None;
                return None;
            }
        };
        let committed = self.commit(&group.changes).await;
        let jobs = u64::try_from(group.answers.len()).unwrap_or(u64::MAX);
        self.counts.jobs.fetch_add(jobs, Ordering::Relaxed);
        if committed {
            self.counts.commits.fetch_add(1, Ordering::Relaxed);
            self.bus.apply(&group.changes).await;
        } else {
            self.counts.failures.fetch_add(1, Ordering::Relaxed);
            self.connection = None;
        }
        for answer in group.answers {
            answer(if committed {
                Ok(())
            } else {
                Err(DatabaseError::Lost)
            });
        }
        closing
    }

    async fn fill(&mut self, first: Job, group: &mut Group) -> Option<oneshot::Sender<()>> {
        let started = Instant::now();
        let mut next = Some(first);
        while let Some(job) = next.take() {
            self.run_job(job, group).await;
            if group.answers.len() >= GROUP_MAX || started.elapsed() >= GROUP_TIME {
                return None;
            }
            match self.waiting.try_recv() {
                Ok(Message::Job(job)) => next = Some(job),
                Ok(Message::Close(closed)) => return Some(closed),
                Err(_) => {}
            }
        }
        None
    }

    /// Runs one job in a savepoint. A connection that broke is not put back: nothing of the group
    /// is committed then.
    async fn run_job(&mut self, job: Job, group: &mut Group) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        if connection.execute("SAVEPOINT job").await.is_err() {
            return;
        }
        let (home, mut back) = oneshot::channel();
        let lent = Lent {
            kind: self.kind,
            connection,
            changes: Vec::new(),
        };
        let outcome = job(Tx {
            lent: Some(lent),
            home: Some(home),
        })
        .await;
        let Ok(Lent {
            mut connection,
            changes,
            kind: _,
        }) = back.try_recv()
        else {
            tracing::error!("a job kept the writer's connection");
            return;
        };
        let end = if outcome.keep {
            "RELEASE SAVEPOINT job"
        } else {
            "ROLLBACK TO SAVEPOINT job; RELEASE SAVEPOINT job"
        };
        let ended = connection.execute(sqlx::raw_sql(end)).await;
        if ended.is_ok() {
            self.connection = Some(connection);
        }
        if outcome.keep {
            group.changes.extend(changes);
        }
        group.answers.push(outcome.answer);
    }

    async fn begin(&mut self) -> Result<(), sqlx::Error> {
        let begin = match self.kind {
            // Taking the lock at once lets another process wait instead of fail.
            Kind::Sqlite => "BEGIN IMMEDIATE",
            Kind::Postgres => "BEGIN",
        };
        if let Some(mut connection) = self.connection.take()
            && connection.execute(begin).await.is_ok()
        {
            self.connection = Some(connection);
            return Ok(());
        }
        // The database may have been restarted since.
        let mut connection = connect(self.kind, &self.options).await?;
        connection.execute(begin).await?;
        self.connection = Some(connection);
        Ok(())
    }

    async fn commit(&mut self, changes: &[Change]) -> bool {
        let Some(connection) = &mut self.connection else {
            return false;
        };
        let committed = async {
            if self.kind == Kind::Postgres {
                notify(connection, self.bus.id(), changes).await?;
            }
            connection.execute("COMMIT").await
        };
        committed
            .await
            .inspect_err(|error| tracing::warn!(%error, "the writer cannot commit"))
            .is_ok()
    }
}

/// What one transaction did.
#[derive(Default)]
struct Group {
    changes: Vec<Change>,
    answers: Vec<Answer>,
}
