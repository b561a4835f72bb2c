//! The calls on the handle that take their time, each with its bound.

use core::net::Ipv4Addr;

use embassy_sync::blocking_mutex::raw::RawMutex;
use heapless::Vec;
use landfall_core::command::{Command, Door, Reply};
use landfall_core::config::{ApSecurity, ApSettings, Mode, StartPolicy, Wifi as Settings};
use landfall_core::event::{Event, History};
use landfall_core::net::{Security, Ssid};
use landfall_core::radio::ScanRow;
use landfall_core::status::State;

use super::super::device::{Device, Errand, Task};
use super::super::{
    ApError, CallError, Clock, Confirm, JoinError, LoadError, PutError, SaveError, ScanError,
    SetError,
};
use super::Wifi;

/// Most rows that a scan gives to the handle.
pub const SCAN_ROWS: usize = 32;

/// Bound of the answer to a command: the store may be at work before it and for it.
const REPLY_MS: u32 = 5_000;
/// Bound of a scan: another one may be under way, or a join.
const SCAN_MS: u32 = 10_000;
/// Bound of the verdict on credentials: the machine gives it within 20 s.
const VERDICT_MS: u32 = 25_000;
/// Bound of an access point's coming up: a scan or a join may have to end first.
const AP_MS: u32 = 15_000;
/// Bound of writing or reading everything.
const STORE_MS: u32 = 10_000;
/// What a first round may take beyond `fallback_deadline_ms`: the scan, and the access point.
const FIRST_ROUND_EXTRA_MS: u32 = 20_000;

/// What takes its time.
impl<C: Clock, M: RawMutex> Wifi<C, M> {
    /// Looks for a known network until one gave an address or the first round is over; true when
    /// the station holds an address. Where none was joined the access point is up, by policy. A
    /// device that had given up looks anew.
    pub async fn setup_network(&self) -> bool {
        let wait = self.shared.look(|device| {
            let station = device.manager.wifi().station;
            station
                .fallback_deadline_ms
                .saturating_add(FIRST_ROUND_EXTRA_MS)
        });
        let Some(wait) = wait else { return false };
        let since = self.next_seq();
        // At the first boot the round runs already, and this is refused as busy.
        if !self.sta_is_connected() {
            let _ = self
                .shared
                .command(Door::Program, Command::Resume, REPLY_MS)
                .await;
        }
        let settled = |device: &mut Device| settled(device, since);
        self.shared.until(wait, settled).await.unwrap_or(false)
    }

    /// Sets which interfaces may be used, and keeps it.
    pub async fn set_mode(&self, mode: Mode) -> Result<(), SetError> {
        self.done(Command::SetMode(mode)).await
    }

    /// Joins a network and waits for the verdict: its address, or why not. Kept when it gave an
    /// address; else the network before is joined again.
    pub async fn sta_connect(
        &self,
        ssid: &Ssid,
        security: Security,
    ) -> Result<Ipv4Addr, JoinError> {
        let ssid = *ssid;
        let call = self
            .shared
            .begin(Door::Program, Command::Join { ssid, security })?;
        if let Reply::Refused(why) = call.reply(REPLY_MS).await? {
            return Err(JoinError::Refused(why));
        }
        call.outcome(VERDICT_MS).await?
    }

    /// Leaves the network and stays away until [`setup_network`](Self::setup_network), a join, a
    /// mode or a restart.
    pub async fn sta_disconnect(&self) -> Result<(), SetError> {
        self.done(Command::Disconnect).await
    }

    /// Scans, and gives what was heard, strongest first.
    pub async fn sta_scan(&self) -> Result<Vec<ScanRow, SCAN_ROWS>, ScanError> {
        match self
            .shared
            .command(Door::Program, Command::Scan, SCAN_MS)
            .await?
        {
            Reply::Refused(why) => Err(ScanError::Refused(why)),
            Reply::Accepted | Reply::Known(_) | Reply::Done | Reply::Scanned => {
                let rows = |device: &mut Device| {
                    let rows = device.manager.scan_rows();
                    rows.iter().take(SCAN_ROWS).copied().collect()
                };
                self.shared.look(rows).ok_or(CallError::NotRunning.into())
            }
        }
    }

    /// Brings the access point up under that name and key, whatever the policy says, until the mode
    /// is set or the device restarts. Ends when it is up.
    pub async fn ap_start(&self, ssid: &Ssid, security: Security) -> Result<Ipv4Addr, ApError> {
        let settings = self.shared.look(|device| ApSettings {
            ssid: Some(*ssid),
            security: match security {
                Security::Open => ApSecurity::Open,
                Security::Personal(key) => ApSecurity::Key(key),
            },
            ..device.manager.wifi().ap.clone()
        });
        let settings = settings.ok_or(CallError::NotRunning)?;
        let since = self.next_seq();
        self.ap(Command::SetAp(settings)).await?;
        self.ap(Command::ForceAp(true)).await?;
        let up = |device: &mut Device| {
            let status = device.manager.status();
            if status.ap_up {
                return Some(Ok(status.ap_ip));
            }
            let failed = events(&device.history, since).find_map(|event| {
                if let Event::ApFailed { class } = event {
                    Some(*class)
                } else {
                    None
                }
            });
            failed.map(|class| Err(ApError::Failed(class)))
        };
        self.shared.until(AP_MS, up).await?
    }

    /// Takes the access point down, whatever the policy says, until the mode is set or the device
    /// restarts. Ends when it is down.
    pub async fn ap_stop(&self) -> Result<(), ApError> {
        self.ap(Command::ForceAp(false)).await?;
        let down = |device: &mut Device| (!device.manager.status().ap_up).then_some(());
        Ok(self.shared.until(AP_MS, down).await?)
    }

    /// Takes credentials: they are tried while the access point stays up, and kept when they gave an
    /// address. `status().candidate` tells how they fare, [`verdict`](Self::verdict) waits for it.
    pub async fn set_credentials(&self, ssid: &[u8], password: &[u8]) -> Result<(), SetError> {
        let ssid = Ssid::new(ssid).map_err(SetError::Ssid)?;
        let security = Security::from_password(password).map_err(SetError::Password)?;
        self.done(Command::Join { ssid, security }).await
    }

    /// Waits until the last credentials have a verdict; the address, or why not.
    pub async fn verdict(&self) -> Result<Ipv4Addr, JoinError> {
        let known = |device: &mut Device| {
            let status = device.manager.status();
            let (_, verdict) = status.candidate?;
            match JoinError::of(verdict) {
                Some(error) => Some(Err(error)),
                None => status
                    .station_ip
                    .filter(|_| status.state == State::Connected)
                    .map(Ok),
            }
        };
        self.shared.until(VERDICT_MS, known).await?
    }

    /// Forgets all networks and restarts into the access point.
    pub async fn reset_credentials(&self) -> Result<(), SetError> {
        self.done(Command::Reset).await
    }

    /// Writes the configuration in force. Networks, mode and access point are written by
    /// themselves when they change; this is for what a program changed of the doors.
    pub async fn save_config(&self) -> Result<(), SaveError> {
        match self.errand(Task::Save).await? {
            true => Ok(()),
            false => Err(SaveError::StoreFailed),
        }
    }

    /// Has a document stored as the whole configuration, as the config server does: the network
    /// restarts with it half a second later, and the one before comes back where nothing
    /// confirms it within the larger of 60 s and its `fallback_deadline_ms`. A mask in place of a
    /// secret keeps the stored one.
    pub async fn put_config(&self, document: &[u8], confirm: Confirm) -> Result<(), PutError> {
        self.shared.put_config(document, confirm).await
    }

    /// Reads the store again, and puts in force what it says; the network restarts where that is
    /// something else than before.
    pub async fn load_config(&self) -> Result<(), LoadError> {
        match self.errand(Task::Load).await? {
            true => Ok(()),
            false => Err(LoadError::StoreFailed),
        }
    }

    /// A command whose answer is yes or no.
    async fn done(&self, command: Command) -> Result<(), SetError> {
        match self
            .shared
            .command(Door::Program, command, REPLY_MS)
            .await?
        {
            Reply::Refused(why) => Err(SetError::Refused(why)),
            Reply::Accepted | Reply::Known(_) | Reply::Done | Reply::Scanned => Ok(()),
        }
    }

    /// The same for the access point.
    async fn ap(&self, command: Command) -> Result<(), ApError> {
        match self
            .shared
            .command(Door::Program, command, REPLY_MS)
            .await?
        {
            Reply::Refused(why) => Err(ApError::Refused(why)),
            Reply::Accepted | Reply::Known(_) | Reply::Done | Reply::Scanned => Ok(()),
        }
    }

    /// Has the runner do something with the store; one at a time.
    async fn errand(&self, task: Task) -> Result<bool, CallError> {
        let asked = self.shared.with(|device| {
            let free = !matches!(device.errand, Errand::Asked(_));
            if free {
                device.errand = Errand::Asked(task);
            }
            free
        });
        match asked {
            None => return Err(CallError::NotRunning),
            Some(false) => return Err(CallError::TooManyCalls),
            Some(true) => {}
        }
        let done = |device: &mut Device| match device.errand {
            Errand::Done(_, well) => Some(well),
            Errand::Idle | Errand::Asked(_) => None,
        };
        self.shared.until(STORE_MS, done).await
    }
}

/// The events from that number on.
fn events(history: &History, since: u32) -> impl Iterator<Item = &Event> {
    let records = history.iter().filter(move |record| record.seq >= since);
    records.map(|record| &record.event)
}

/// Whether the device has an address, where it is settled whether it gets one.
fn settled(device: &mut Device, since: u32) -> Option<bool> {
    let status = device.manager.status();
    if status.station_ip.is_some() {
        return Some(true);
    }
    let wifi = device.manager.wifi();
    let given_up = match status.mode {
        Mode::Off => true,
        Mode::Ap => status.ap_up,
        Mode::Sta | Mode::StaAp => {
            status.state == State::ApActive || (wifi.networks.is_empty() && !may_open_ap(wifi))
        }
    };
    if given_up {
        return Some(false);
    }
    let round_failed = |event: &Event| matches!(event, Event::ConnectionFailed { .. });
    (!may_open_ap(wifi) && events(&device.history, since).any(round_failed)).then_some(false)
}

/// Whether the access point comes up when no network is joined.
fn may_open_ap(wifi: &Settings) -> bool {
    wifi.mode == Mode::StaAp && wifi.ap.start_policy != StartPolicy::Never
}
