//! A server on a free port of loopback, over a database of its own, and who asks it.
//!
//! [`both!`] makes of `async fn name(world: World)` one test on SQLite and one on PostgreSQL.

pub(crate) mod campus;
mod client;
pub(crate) mod device;
mod postgres;

use landfall_server::{Clock, Options, Server};

pub(crate) use client::{Answer, Client};
pub(crate) use device::Device;

/// What the test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A server and all that belongs to it.
pub(crate) struct World {
    pub(crate) clock: Clock,
    options: Options,
    server: Option<Server>,
    password: String,
    /// A folder for the database and what else the test keeps.
    pub(crate) folder: tempfile::TempDir,
    database: Option<postgres::Database>,
}

impl World {
    /// A server on an empty database.
    pub(crate) async fn start(kind: Kind) -> Self {
        Self::with(kind, |_| {}).await
    }

    /// The same, started with other options.
    pub(crate) async fn with(kind: Kind, change: impl FnOnce(&mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (url, database) = match kind {
            Kind::Sqlite => (
                format!("sqlite:{}", folder.path().join("fleet.db").display()),
                None,
            ),
            Kind::Postgres => {
                let database = postgres::Database::create().await;
                (database.url.clone(), Some(database))
            }
        };
        let clock = Clock::system();
        let mut options = Options::new(url);
        options.listen.set_port(0);
        options.clock = clock.clone();
        change(&mut options);
        let server = Server::start(options.clone()).await.unwrap();
        let password = server.admin_password().unwrap().to_owned();
        Self {
            clock,
            options,
            server: Some(server),
            password,
            folder,
            database,
        }
    }

    /// The running server.
    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    /// The password of the user `admin`.
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    /// Somebody without credentials.
    pub(crate) fn stranger(&self) -> Client {
        Client::new(self.server().address())
    }

    /// The admin, by token.
    pub(crate) async fn admin(&self) -> Client {
        self.token_of("admin", &self.password).await
    }

    /// A program of that user.
    pub(crate) async fn token_of(&self, username: &str, password: &str) -> Client {
        let browser = self.login(username, password).await;
        let made = browser
            .post("/api/v1/tokens", serde_json::json!({"name": "test"}))
            .await;
        let token = made.status(201).json["token"].as_str().unwrap().to_owned();
        self.stranger()
            .header("authorization", &format!("Bearer {token}"))
    }

    /// A browser in which that user is logged in.
    pub(crate) async fn login(&self, username: &str, password: &str) -> Client {
        let stranger = self.stranger();
        let body = serde_json::json!({"username": username, "password": password});
        let answer = stranger.post("/api/v1/login", body).await.status(200);
        let cookie = answer.headers["set-cookie"].to_str().unwrap();
        let cookie = cookie.split_once(';').unwrap().0;
        let token = answer.json["csrf_token"].as_str().unwrap();
        stranger
            .header("cookie", cookie)
            .header("x-csrf-token", token)
    }

    /// The database's address.
    pub(crate) fn url(&self) -> &str {
        &self.options.database
    }

    /// Takes the database away; it has to be PostgreSQL's.
    pub(crate) async fn drop_database(&self) {
        self.database.as_ref().unwrap().lose().await;
    }

    /// Stops the server.
    pub(crate) async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Stops the server and starts it on the same database. Clients made before are of the old one.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        self.server = Some(Server::start(self.options.clone()).await.unwrap());
    }

    /// The same, with something that happens while nothing runs.
    pub(crate) async fn restart_after(&mut self, happens: impl FnOnce(&Clock)) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
        happens(&self.clock);
        self.restart().await;
    }

    /// Another process on the same database, as far as one process can play it.
    pub(crate) async fn second(&self) -> Server {
        Server::start(self.options.clone()).await.unwrap()
    }
}

/// Runs a test on a runtime of its own.
pub(crate) fn run<F: Future<Output = ()>>(test: impl FnOnce(World) -> F, kind: Kind) {
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::start(kind).await;
        test(world).await;
    });
}

/// Tests that run on both databases: `both!(first, second);`.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                crate::harness::run(super::$name, crate::harness::Kind::Sqlite);
            })+
        }
        mod postgres {
            $(#[test]
            fn $name() {
                crate::harness::run(super::$name, crate::harness::Kind::Postgres);
            })+
        }
    };
}
pub(crate) use both;
