//! What a configuration from the server does to the device.
//!
//! First what is to be in force is kept, with what was before, then the machine is told: a device that
//! loses its power in between does the rest after the next boot. Nothing is written where nothing
//! changes.
//!
//! The fleet's settings are laid over the owner's, member by member. What the owner had there is kept
//! beside them (`own.rs`), and stands again once the fleet says nothing of that member any more. Known
//! networks are not laid over: one that the fleet gave stays known, for it may be the only way in.

use core::fmt::Write as _;

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapless::String;
use landfall_core::agent::{Answer, Configuration, Session};
use landfall_core::command::{Command, Refusal};
use landfall_core::config::{
    ApSecurity, ApSettings, Config, ConfigRef, KnownNetwork, StartPolicy, Wifi,
};
use landfall_core::event::Event;
use landfall_core::json::Text;
use landfall_core::net::Security;
use landfall_protocol::station::Salt;
use zeroize::Zeroize;

use super::client::Client;
use super::credential::Credential;
use super::item::ITEM_MAX;
use super::own::{OwnSettings, Owners};
use super::record::{ApBefore, ERROR_MAX, SessionRecord};
use super::state;
use crate::dial::Dial;
use crate::http::Timer;
use crate::runtime::{Clock, Device, Shared};
use crate::store::Key;

impl<C: Clock, M: RawMutex, D: Dial, T: Timer> Client<'_, C, M, D, T> {
    /// Puts a configuration in force; false where it was already.
    pub(super) async fn apply(
        &mut self,
        answer: &Answer<'_>,
        configuration: &Configuration<'_>,
    ) -> bool {
        let version = answer.version.unwrap_or(0);
        let same_hash = match answer.hash {
            Some(hash) => hash.is(&self.record.hash),
            None => self.record.hash.is_empty(),
        };
        if version == self.record.version && same_hash && version > 0 {
            return false;
        }
        let Some(own) = self.load_own().await else {
            // The server sends it again.
            return false;
        };
        let before = self.record.clone();
        self.record.error.clear();
        let wanted = Wanted(self.shared());
        let mut owners = Owners::unchanged(own);
        if self.want(configuration, &mut owners).is_none() {
            // The server sends it again.
            self.record = before;
            return false;
        }
        let session = |device: &mut Device| {
            let wanted = device.wanted()?;
            session_record(configuration, &wanted.wifi.ap)
        };
        self.record.session = self.shared().look(session).flatten();
        self.record.device_id = text(configuration.device_id);
        let is_new = self.record != before;
        let kept = self.save_own(&owners.until_told).await;
        if !kept || is_new && !self.save_record().await {
            self.record = before;
            return false;
        }
        let put = self.put_in_force().await;
        drop(wanted);
        match put {
            // Where this is not kept the next configuration does it.
            Ok(()) => _ = self.save_own(&owners.then).await,
            // The server sends it again.
            Err(Refusal::Busy) => return false,
            Err(refusal) => self.complain(format_args!("{refusal:?}")),
        }
        self.show_session();
        self.record.version = version;
        self.record.hash = text(answer.hash);
        self.save_record().await;
        self.tell(Event::ConfigApplied { version });
        self.take_networks(configuration).await;
        true
    }

    /// Wants what the device is to be outside a session: as its owner has it, with the settings laid
    /// over it, and keeps what is the owner's. Settings that are wrong change nothing, and are complained
    /// of. None: another configuration is on its way.
    // On its own: what it takes of a chip's stack is not beneath what comes next.
    #[inline(never)]
    fn want(&mut self, configuration: &Configuration<'_>, owners: &mut Owners) -> Option<()> {
        let laid = self.want_outside_session(|wanted, now| {
            owners.lay_over(configuration.settings, wanted, now)
        })?;
        if let Err(error) = laid {
            self.complain(format_args!("settings{error}"));
            self.shared().look(Device::want_nothing);
            self.want_outside_session(|_, _| ())?;
        }
        Some(())
    }

    /// Wants the configuration in force, but for what a session changes of it, and what `change` does.
    fn want_outside_session<Changed>(
        &self,
        change: impl FnOnce(&mut Config, ConfigRef<'_>) -> Changed,
    ) -> Option<Changed> {
        let session = self.record.session.as_ref();
        let changed = self.shared().look(|device| {
            let (wanted, now) = device.want()?;
            if let Some(session) = session {
                session.before.restore(&mut wanted.wifi.ap);
            }
            Some(change(wanted, now))
        });
        changed.flatten()
    }

    /// What the owner had where the fleet has laid its settings over; none: the store does not say.
    async fn load_own(&self) -> Option<OwnSettings> {
        let mut bytes = [0; ITEM_MAX];
        let len = self.load(Key::OwnSettings, &mut bytes).await;
        let own = len.map(|len| OwnSettings::of(bytes.get(..len).unwrap_or_default()));
        bytes.zeroize();
        own
    }

    async fn save_own(&self, own: &OwnSettings) -> bool {
        self.save(Key::OwnSettings, own.bytes()).await
    }

    /// Says what of the configuration was not taken.
    pub(super) fn complain(&mut self, what: core::fmt::Arguments<'_>) {
        let mut error = String::<{ 2 * ERROR_MAX }>::new();
        // What does not fit is cut off.
        let _ = error.write_fmt(what);
        let end = error.floor_char_boundary(ERROR_MAX);
        self.record.error = String::try_from(&error[..end]).unwrap_or_default();
    }

    /// Tells the machine what is wanted; that stores what it is told.
    async fn put_in_force(&mut self) -> Result<(), Refusal> {
        let session = self.record.session.as_ref();
        let differing = self.shared().look(|device| {
            let Wifi {
                mode, ap, station, ..
            } = &device.wanted()?.wifi;
            let (mode, mut ap, station) = (*mode, ap.clone(), *station);
            if let Some(session) = session {
                session.open(&mut ap);
            }
            let other_services = device.take_wanted_services();
            let wifi = device.manager().wifi();
            let mode = (wifi.mode != mode).then_some(Command::SetMode(mode));
            let ap = (wifi.ap != ap).then_some(Command::SetAp(ap));
            let station = (wifi.station != station).then_some(Command::SetStation(station));
            Some(([mode, ap, station], other_services))
        });
        let Some((commands, other_services)) = differing.flatten() else {
            return Ok(());
        };
        let mut stored = false;
        for command in commands.into_iter().flatten() {
            // Each writes what the doors need, too.
            self.command(command).await?;
            stored = true;
        }
        if other_services && !stored && self.wifi.save_config().await.is_err() {
            return Err(Refusal::SaveFailed);
        }
        Ok(())
    }

    /// After a boot: runs the session that ran before, and undoes what was on trial.
    pub(super) async fn restore(&mut self) {
        self.show_session();
        if let Some(session) = &self.record.session {
            let ap = self.shared().look(|d| d.manager().wifi().ap.clone());
            let mut ap = ap.unwrap_or_default();
            let before = ap.clone();
            session.open(&mut ap);
            if ap != before {
                // The server is told by the next heartbeat where that fails.
                let _ = self.command(Command::SetAp(ap)).await;
            }
        }
        if self.record.trial.is_some() {
            self.roll_back("interrupted").await;
        }
    }

    /// Shows the doors which session runs.
    fn show_session(&self) {
        let key = self.credential.as_ref().and_then(Credential::key);
        let session = self.record.session.as_ref().zip(key);
        let session = session.map(|(session, key)| state::Session {
            id: session.id,
            course_code: session.course_code.clone(),
            course_title: session.course_title.clone(),
            needs_code: session.needs_code,
            salt: Salt::of(key, session.id),
        });
        self.shared()
            .with(|device| device.fleet.set_session(session));
    }

    /// Has everybody told.
    pub(super) fn tell(&self, event: Event) {
        self.shared()
            .with(|device: &mut Device| device.fleet.tell(event));
    }

    /// Networks in the settings: those of roll-outs are proved one after the other, the others known.
    async fn take_networks(&mut self, configuration: &Configuration<'_>) {
        for network in configuration.networks() {
            match network.rollout {
                Some(rollout) if self.record.tried.contains(&rollout) => {}
                Some(_) if self.record.trial.is_some() => {}
                Some(rollout) => {
                    self.begin_trial(rollout, network.ssid, network.security)
                        .await
                }
                None => {
                    let known = self.shared().look(|device| {
                        let known = &device.manager().wifi().networks;
                        let same = |k: &KnownNetwork| {
                            k.ssid == network.ssid && k.security == network.security
                        };
                        known.iter().any(same)
                    });
                    if known == Some(true) {
                        continue;
                    }
                    let network = KnownNetwork::new(network.ssid, network.security);
                    if let Err(refusal) = self.command(Command::Add(network)).await {
                        self.complain(format_args!("settings.known_networks: {refusal:?}"));
                    }
                }
            }
        }
    }
}

/// What is wanted: forgotten with this, also where the client is dropped in the middle.
struct Wanted<C: 'static, M: RawMutex + 'static>(&'static Shared<C, M>);

impl<C, M: RawMutex> Drop for Wanted<C, M> {
    fn drop(&mut self) {
        self.0.look(Device::want_nothing);
    }
}

fn session_record(configuration: &Configuration<'_>, own: &ApSettings) -> Option<SessionRecord> {
    let Session {
        id,
        course_code,
        course_title,
        needs_code,
        ssid,
        security,
    } = configuration.session.clone()?;
    Some(SessionRecord {
        id,
        course_code: text(Some(course_code)),
        course_title: text(course_title),
        needs_code,
        ssid,
        security,
        before: ApBefore {
            ssid: own.ssid,
            security: own.security.clone(),
            start_policy: own.start_policy,
        },
    })
}

impl SessionRecord {
    /// Makes the access point that of the session. It is up beside the station, and open by the
    /// session's own word alone.
    fn open(&self, ap: &mut ApSettings) {
        ap.ssid = Some(self.ssid);
        ap.security = match &self.security {
            Security::Open => ApSecurity::Open,
            Security::Personal(key) => ApSecurity::Key(key.clone()),
        };
        ap.start_policy = StartPolicy::Always;
    }
}

impl ApBefore {
    /// Makes it what it was.
    fn restore(&self, ap: &mut ApSettings) {
        ap.ssid = self.ssid;
        ap.security = self.security.clone();
        ap.start_policy = self.start_policy;
    }
}

/// As much of the text as fits, whole characters; nothing where there is none.
fn text<const N: usize>(text: Option<Text<'_>>) -> String<N> {
    let mut out = String::new();
    for character in text.into_iter().flat_map(Text::chars) {
        match character {
            Ok(character) if out.push(character).is_ok() => {}
            Ok(_) | Err(_) => break,
        }
    }
    out
}
