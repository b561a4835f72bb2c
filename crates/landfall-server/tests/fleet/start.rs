//! Starting: what is refused, and what a server says before it is ready.

use landfall_server::{OpenError, Options, Server, StartError};

use crate::harness::{Kind, World, run};

/// Starts a server that does not start.
async fn refused(change: impl FnOnce(&mut Options)) -> StartError {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(format!(
        "sqlite:{}",
        folder.path().join("fleet.db").display()
    ));
    options.listen.set_port(0);
    change(&mut options);
    Server::start(options).await.unwrap_err()
}

#[test]
fn the_database_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    run(
        |world: World| async move {
            for name in ["fleet.db", "fleet.db-wal", "fleet.db-shm"] {
                let file = std::fs::metadata(world.folder.path().join(name)).unwrap();
                assert_eq!(file.permissions().mode() & 0o777, 0o600, "{name}");
            }
        },
        Kind::Sqlite,
    );
}

#[test]
fn a_server_that_cannot_start_says_why() {
    run(
        |world: World| async move {
            let taken = refused(|options| options.listen = world.server().address()).await;
            assert!(matches!(taken, StartError::Listen(_)), "{taken}");
            for url in ["mysql://x", "sqlite::memory:", "fleet.db", ""] {
                let wrong = refused(|options| options.database = url.into()).await;
                assert!(
                    matches!(wrong, StartError::Database(OpenError::Address)),
                    "{wrong}"
                );
            }
            let file = world.folder.path().join("text");
            std::fs::write(
                &file,
                "this is no database, and long enough to be told from one",
            )
            .unwrap();
            let url = format!("sqlite:{}", file.display());
            let wrong = refused(|options| options.database = url).await;
            assert!(
                matches!(wrong, StartError::Database(OpenError::Connect(_))),
                "{wrong}"
            );
            let tls = landfall_server::Tls {
                certificate: file.clone(),
                key: file,
            };
            let wrong = refused(|options| options.tls = Some(tls)).await;
            assert!(matches!(wrong, StartError::Tls(_)), "{wrong}");
        },
        Kind::Sqlite,
    );
}
