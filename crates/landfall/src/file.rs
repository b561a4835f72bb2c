//! The configuration in a JSON file, as `networks.json` of MicroPython's `wifi_manager` has it.
//!
//! What is no configuration (the access point's generated key, the last credentials and their
//! verdict, the last good access point) stands beside it, in a file of the same name and `.state`.
//! Both are replaced whole, by a new file that takes the name of the old one. A whole new
//! configuration stands in a file of the same name and `.trial` until it is confirmed, and is the one
//! in force as long as that file is there.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use landfall_core::config::stored::{NETWORKS_MAX, Stored as Pieces, encode_networks};
use landfall_core::config::{
    self, ConfigRef, Defaults, Mode, Networks, Secrets, StartPolicy, Warning,
};
use landfall_core::manager::{Record, StoreFailed, StoreOp};
use landfall_core::net::Passphrase;
use landfall_device::runtime::{LoadError, Source, Storage, Stored};

/// Both files hold passwords: for their owner alone.
const MODE: u32 = 0o600;

/// Storage in a JSON file.
#[derive(Debug)]
pub struct JsonFile {
    path: PathBuf,
    defaults: Defaults,
    secret: String,
    /// What was taken and is not written yet.
    document: Option<String>,
    state: Option<Vec<u8>>,
    /// A whole new configuration that was taken.
    new: Option<String>,
    /// The configuration in force is on trial, so that its document is the other one.
    on_trial: bool,
    /// What was taken is a reset.
    blank: bool,
    last_state: Vec<u8>,
    /// What was read last.
    stored: Option<Box<Stored>>,
}

impl JsonFile {
    /// The file of that name. One that is not there is as one without a word; it is made when
    /// there is something to keep.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            defaults: Defaults::built_in(),
            secret: String::new(),
            document: None,
            state: None,
            new: None,
            on_trial: false,
            blank: false,
            last_state: Vec::new(),
            stored: None,
        }
    }

    fn state_path(&self) -> PathBuf {
        self.beside(".state")
    }

    fn trial_path(&self) -> PathBuf {
        self.beside(".trial")
    }

    /// The file of the same name with that behind it.
    fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.path.clone().into_os_string();
        path.push(ending);
        path.into()
    }

    /// Where the document in force is.
    fn document_path(&self) -> PathBuf {
        if self.on_trial {
            self.trial_path()
        } else {
            self.path.clone()
        }
    }

    /// The key's length, the key, and the piece *networks* of a flash store.
    fn state(&self) -> Vec<u8> {
        // A key has at most 63 characters.
        let mut state = vec![self.secret.len() as u8];
        state.extend_from_slice(self.secret.as_bytes());
        state.extend_from_slice(&self.last_state);
        state
    }

    fn take_state(&mut self, record: &Record<'_>) -> Result<(), StoreFailed> {
        let mut buffer = [0; NETWORKS_MAX];
        let piece = encode_networks(record, &mut buffer).map_err(|_| StoreFailed)?;
        self.last_state = piece.to_vec();
        self.state = Some(self.state());
        Ok(())
    }

    fn take_document(&mut self, config: ConfigRef<'_>) {
        self.document = Some(format!("{}\n", config.json(Secrets::Clear)));
    }

    fn take_reset(&mut self, source: Source<'_>) -> Result<(), StoreFailed> {
        let mut wifi = source.manager.wifi().clone();
        wifi.mode = Mode::StaAp;
        wifi.ap.start_policy = StartPolicy::Fallback;
        wifi.networks.clear();
        let mut services = source.services.clone();
        services.extra.forget_networks();
        self.take_document(ConfigRef {
            wifi: &wifi,
            services: &services,
        });
        self.take_state(&Record {
            networks: &Networks::new(),
            candidate: None,
            last_good: None,
        })
    }

    /// Adds to what the document says what stands beside it.
    fn read_state(
        &mut self,
        bytes: &[u8],
        stored: &mut Stored,
        warn: &mut dyn FnMut(&Warning<'_>),
    ) {
        let Some((len, rest)) = bytes.split_first() else {
            return;
        };
        let Some((secret, piece)) = rest.split_at_checked(usize::from(*len)) else {
            return;
        };
        if let Ok(secret) = Passphrase::new(secret) {
            self.secret.clear();
            // A text takes every character.
            let _ = secret.expose(&mut self.secret);
            stored.ap_secret = Some(secret);
        }
        let mut pieces = Pieces::new(&self.defaults);
        if piece.is_empty() {
            return;
        }
        pieces.read_networks(piece, warn);
        let found = &mut stored.pieces;
        found.candidate = pieces.candidate;
        found.last_good = pieces.last_good;
        for network in &mut found.config.wifi.networks {
            let same = |known: &&config::KnownNetwork| {
                known.ssid == network.ssid && known.security == network.security
            };
            network.proven = pieces
                .config
                .wifi
                .networks
                .iter()
                .find(same)
                .is_some_and(|n| n.proven);
        }
        self.last_state = piece.to_vec();
    }
}

impl Storage for JsonFile {
    async fn load(&mut self, warn: &mut dyn FnMut(&Warning<'_>)) -> Result<&mut Stored, LoadError> {
        let trial = read(&self.trial_path()).map_err(|_| LoadError::StoreFailed)?;
        self.on_trial = trial.is_some();
        let document = match trial {
            Some(document) => Some(document),
            None => read(&self.path).map_err(|_| LoadError::StoreFailed)?,
        };
        let config = match document {
            Some(document) => config::load(&document, &self.defaults, warn),
            None => self.defaults.config(),
        };
        let mut stored = Stored {
            pieces: Pieces {
                config,
                ..Pieces::default()
            },
            ap_secret: None,
            ap_prefix: self.defaults.ap_prefix.clone(),
            on_trial: self.on_trial,
        };
        let state = read(&self.state_path()).map_err(|_| LoadError::StoreFailed)?;
        self.read_state(&state.unwrap_or_default(), &mut stored, warn);
        if let Some(secret) = &self.defaults.ap_secret {
            stored.ap_secret = Some(secret.clone());
        }
        Ok(self.stored.insert(Box::new(stored)))
    }

    fn forget(&mut self) {
        self.stored = None;
    }

    fn take(&mut self, op: StoreOp, source: Source<'_>) -> Result<(), StoreFailed> {
        self.blank = op == StoreOp::Reset;
        if self.blank {
            return self.take_reset(source);
        }
        // One file holds both pieces, and each is the machine's at this moment.
        self.take_document(ConfigRef {
            wifi: source.manager.wifi(),
            services: source.services,
        });
        self.take_state(&source.manager.record())
    }

    fn take_config(&mut self, config: ConfigRef<'_>, _: Source<'_>) -> Result<(), StoreFailed> {
        self.new = Some(format!("{}\n", config.json(Secrets::Clear)));
        Ok(())
    }

    async fn end_trial(&mut self, keep: bool) -> Result<(), StoreFailed> {
        if !self.on_trial {
            return Ok(());
        }
        let trial = self.trial_path();
        let ended = if keep {
            fs::rename(&trial, &self.path)
        } else {
            fs::remove_file(&trial)
        };
        ended
            .and_then(|()| settle_names(&self.path))
            .map_err(|_| StoreFailed)?;
        self.on_trial = false;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), StoreFailed> {
        if let Some(new) = self.new.take() {
            return replace(&self.trial_path(), new.as_bytes()).map_err(|_| StoreFailed);
        }
        if std::mem::take(&mut self.blank) {
            // Nothing may come back after a reset.
            self.end_trial(true).await?;
        }
        if let Some(document) = self.document.take() {
            replace(&self.document_path(), document.as_bytes()).map_err(|_| StoreFailed)?;
        }
        if let Some(state) = self.state.take() {
            replace(&self.state_path(), &state).map_err(|_| StoreFailed)?;
        }
        Ok(())
    }

    async fn keep_secret(&mut self, secret: &Passphrase) -> Result<(), StoreFailed> {
        self.secret.clear();
        secret.expose(&mut self.secret).map_err(|_| StoreFailed)?;
        replace(&self.state_path(), &self.state()).map_err(|_| StoreFailed)
    }
}

/// A file's content; none where it is not there.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Puts the content in place of the file's, all of it or nothing, also when the power goes.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = PathBuf::from(name);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(MODE)
        .open(&new)?;
    // One that was left over may have been made otherwise.
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    settle_names(path)
}

/// Has the names in the file's folder survive a power cut.
fn settle_names(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Tells of something in a stored configuration that somebody should look at.
pub(crate) fn warn(warning: &Warning<'_>) {
    tracing::warn!("stored configuration: {warning}");
}
