//! A PostgreSQL cluster for tests: in a temporary folder, on a Unix socket, without care for power
//! loss. Test programs that run at the same time share one; when the last has ended a watcher stops
//! it and removes the folder.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, Executor, PgConnection};

/// A database of a test's own.
pub(crate) struct Database {
    pub(crate) url: String,
}

struct Cluster {
    folder: PathBuf,
    /// Locked, shared, as long as this program may use the cluster.
    _user: File,
}

impl Database {
    pub(crate) async fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{}_{number}", std::process::id());
        let cluster = cluster();
        let mut connection = PgConnection::connect(&cluster.url("postgres"))
            .await
            .unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        connection.execute(sqlx::raw_sql(create)).await.unwrap();
        Self {
            url: cluster.url(&name),
        }
    }
}

impl Database {
    /// Takes the database away from who uses it.
    pub(crate) async fn lose(&self) {
        let mut connection = PgConnection::connect(&cluster().url("postgres"))
            .await
            .unwrap();
        let (_, name) = self.url.split_once("///").unwrap();
        let name = name.split('?').next().unwrap();
        let drop = sqlx::AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
        connection.execute(sqlx::raw_sql(drop)).await.unwrap();
    }
}

impl Cluster {
    fn url(&self, database: &str) -> String {
        format!(
            "postgres:///{database}?host={}&user=landfall",
            self.folder.display()
        )
    }
}

/// The cluster, started by whichever test comes first.
fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(start)
}

fn start() -> Cluster {
    let folder = std::env::temp_dir().join("landfall-test-postgres");
    fs::create_dir_all(&folder).unwrap();
    let starting = File::create(folder.join("starting.lock")).unwrap();
    starting.lock().unwrap();
    let user = File::create(folder.join("users.lock")).unwrap();
    user.lock_shared().unwrap();
    if !folder.join("running").exists() {
        start_in(&folder);
    }
    Cluster {
        folder,
        _user: user,
    }
}

/// Starts a cluster in that folder, and who stops it.
fn start_in(folder: &Path) {
    let (programs, data) = (programs(), folder.join("data"));
    let _ = fs::remove_dir_all(&data);
    let owner = owner();
    if let Some((uid, gid)) = owner {
        chown(folder, Some(uid), Some(gid)).unwrap();
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let arguments = [
        "--no-sync",
        "--auth=trust",
        "--username=landfall",
        "--encoding=UTF8",
    ];
    let mut initdb = Command::new(programs.join("initdb"));
    run(initdb.args(arguments).arg("-D").arg(&data), folder, owner);
    let options = format!(
        "-k {} -c listen_addresses= -c fsync=off -c max_connections=400 -c shared_buffers=32MB",
        folder.display()
    );
    let mut start = Command::new(programs.join("pg_ctl"));
    start
        .args(["-w", "-t", "60", "-o", &options, "-l"])
        .arg(folder.join("log"));
    run(start.arg("-D").arg(&data).arg("start"), folder, owner);
    File::create(folder.join("running")).unwrap();
    watch(folder, &programs, owner);
}

/// Starts the watcher: once nobody holds the users' lock, and nobody is about to, the cluster stops.
fn watch(folder: &Path, programs: &Path, owner: Option<(u32, u32)>) {
    let script = r#"
        cd "$1" || exit
        while sleep 2; do
            exec 8>starting.lock && flock -x 8
            exec 9>users.lock
            if flock -n -x 9; then
                "$2/pg_ctl" -D data -m immediate stop
                rm -rf data running log
                exit
            fi
            exec 9>&- 8>&-
        done"#;
    let mut watcher = Command::new("sh");
    watcher
        .args(["-c", script, "sh"])
        .arg(folder)
        .arg(programs)
        .process_group(0);
    for lock in ["starting.lock", "users.lock"] {
        fs::set_permissions(folder.join(lock), fs::Permissions::from_mode(0o666)).unwrap();
    }
    let watcher = as_owner(&mut watcher, owner).spawn().unwrap();
    // It outlives this program: nobody here waits for it.
    std::mem::forget(watcher);
}

fn run(command: &mut Command, folder: &Path, owner: Option<(u32, u32)>) {
    command.current_dir(folder);
    let status = as_owner(command, owner).status().unwrap();
    assert!(
        status.success(),
        "{command:?}: {status}; see {}/log",
        folder.display()
    );
}

fn as_owner(command: &mut Command, owner: Option<(u32, u32)>) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some((uid, gid)) = owner {
        command.uid(uid).gid(gid);
    }
    command
}

/// PostgreSQL refuses to run as root: then it is the package's own user, as (user, group).
fn owner() -> Option<(u32, u32)> {
    let me = fs::metadata("/proc/self").ok()?;
    if std::os::unix::fs::MetadataExt::uid(&me) != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.starts_with("postgres:"));
    let line = line.expect("a user `postgres`, which the package `postgresql` makes");
    let mut fields = line.split(':').skip(2).map(|field| field.parse().unwrap());
    Some((fields.next().unwrap(), fields.next().unwrap()))
}

/// Where `initdb` is: on the path, or where Debian puts it, which is not on the path.
fn programs() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).find(|folder| folder.join("initdb").is_file());
    on_path
        .or_else(debian)
        .expect("PostgreSQL's programs: install the package `postgresql`")
}

fn debian() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let folders = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    folders
        .filter(|folder| folder.join("initdb").is_file())
        .max()
}
