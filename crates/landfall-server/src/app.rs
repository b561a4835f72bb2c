//! What every handler gets: the database, the time, the settings, and who is told of changes.

use std::sync::{Arc, PoisonError, RwLock};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{broadcast, watch};
use zeroize::Zeroizing;

use crate::change::{Bus, Change, Reload};
use crate::clock::Clock;
use crate::database::{Database, DatabaseError, Ear, Kind, OpenError};
use crate::fleet::Fleet;
use crate::fleet::kept::Left;
use crate::fleet::presence::Timeout;
use crate::metrics::Requests;
use crate::options::Options;
use crate::people::user::Role;
use crate::people::users::NewUser;
use crate::people::{audit, passwords, users};
use crate::settings::{self, Settings};

/// The username of the admin that the first start makes.
pub const FIRST_ADMIN: &str = "admin";

/// The server's inside, one for each process.
#[derive(Debug)]
pub struct App {
    /// What it was started with.
    pub options: Options,
    /// The truth.
    pub database: Database,
    /// The devices.
    pub fleet: Fleet,
    pub(crate) requests: Requests,
    bus: Arc<Bus>,
    settings: RwLock<Settings>,
    stopping: watch::Sender<bool>,
}

/// An app, and what its first start made.
pub(crate) struct Opened {
    pub(crate) app: Arc<App>,
    /// The password of [`FIRST_ADMIN`], where the database was new.
    pub(crate) admin_password: Option<Zeroizing<String>>,
    /// Where other processes are heard, on a database that has them.
    pub(crate) ear: Option<Ear>,
}

impl App {
    /// Opens the database and reads everything that memory holds.
    pub(crate) async fn open(options: Options) -> Result<Opened, OpenError> {
        let bus = Arc::new(Bus::new());
        let database = Database::open(&options.database, bus.clone()).await?;
        let ear = match database.kind() {
            Kind::Sqlite => None,
            Kind::Postgres => {
                let ear = Ear::open(&options.database).await;
                Some(ear.map_err(OpenError::Connect)?)
            }
        };
        let app = Arc::new(Self {
            options,
            database,
            fleet: Fleet::default(),
            requests: Requests::default(),
            bus: bus.clone(),
            settings: RwLock::new(Settings::DEFAULT),
            stopping: watch::Sender::new(false),
        });
        let memory: Arc<dyn Reload> = app.clone();
        bus.keeps(Arc::downgrade(&memory));
        let reader = app.database.clone();
        let left = tokio::spawn(async move { Left::read(&reader).await });
        app.reload(&Change::All).await.map_err(OpenError::Read)?;
        let left = left.await.unwrap_or(Err(DatabaseError::Defect));
        left.map_err(OpenError::Read)?.put_back(&app);
        let admin_password = app.first_admin().await.map_err(OpenError::Read)?;
        Ok(Opened {
            app,
            admin_password,
            ear,
        })
    }

    /// Makes the first admin, where there is nobody.
    async fn first_admin(&self) -> Result<Option<Zeroizing<String>>, DatabaseError> {
        if !users::is_empty(&mut *self.database.read().await?).await? {
            return Ok(None);
        }
        let password = passwords::make();
        let user = NewUser {
            username: FIRST_ADMIN.to_owned(),
            role: Role::Admin,
            password_hash: passwords::hash(&password).await,
            name: String::new(),
            matric: None,
            enabled: true,
        };
        let now = self.clock().now_ms();
        let made = self.database.write(async move |mut tx| {
            users::create(&mut tx, &user, now).await?;
            let deed = ("user.created", FIRST_ADMIN, "at the first start");
            audit::note(&mut tx, now, "landfall", deed).await
        });
        match made.await {
            Ok(()) => Ok(Some(password)),
            // Another process was first.
            Err(DatabaseError::Taken) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The time.
    pub fn clock(&self) -> &Clock {
        &self.options.clock
    }

    /// The settings in force.
    pub fn settings(&self) -> Settings {
        *self.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a device may be silent.
    pub fn presence_timeout(&self) -> Timeout {
        Timeout {
            online_within_ms: self.settings().online_within_s * 1000,
        }
    }

    /// Changes from now on, one's own and other processes'.
    pub fn watch(&self) -> broadcast::Receiver<Change> {
        self.bus.watch()
    }

    pub(crate) fn bus(&self) -> &Arc<Bus> {
        &self.bus
    }

    /// Becomes true when the server is to stop: what waits for long answers at once.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    async fn reload_settings(&self) -> Result<(), DatabaseError> {
        let read = settings::load(&mut *self.database.read().await?).await?;
        *self
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = read;
        Ok(())
    }
}

impl Reload for App {
    /// Every area reads what it holds here, and `All` reads all of it.
    fn reload<'a>(&'a self, change: &'a Change) -> BoxFuture<'a, Result<(), DatabaseError>> {
        async move {
            match change {
                Change::All => {
                    self.reload_settings().await?;
                    self.fleet.reload_all(&self.database).await
                }
                Change::Settings => self.reload_settings().await,
                Change::Device { hardware_id } => {
                    self.fleet.reload(&self.database, hardware_id).await
                }
                Change::Config => self.fleet.reload_config(&self.database).await,
                Change::Session { .. } | Change::Mark { .. } => Ok(()),
            }
        }
        .boxed()
    }
}
