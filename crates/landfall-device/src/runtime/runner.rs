//! The one loop that feeds the machine and carries out what it decides.

use embassy_futures::select::{Either3, select3};
use embassy_futures::{block_on, poll_once};
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, RawMutex};
use landfall_core::bus::CallbackId;
use landfall_core::command::{Ticket, Verdict};
use landfall_core::config::Warning;
use landfall_core::event::Record;
use landfall_core::manager::{Input, Output, StoreFailed, StoreOp};
use landfall_core::radio::RadioEvent;
use landfall_core::status::State;
use landfall_core::time::Instant;

use super::builder::{self, Claim, Made};
use super::device::{Device, Errand, Task};
use super::error::{JoinError, LoadError};
use super::radio::{Radio, Target};
use super::shared::Shared;
use super::storage::Storage;
use super::{Clock, Wifi};

/// The device wants to restart: on a chip reset it, on a host build it anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart;

/// Carries one device. Made by [`Builder::build`](super::Builder::build); spawn
/// [`run`](Self::run), or call [`step`](Self::step) from a super-loop.
pub struct Runner<R, S, C: 'static, M: RawMutex + 'static = CriticalSectionRawMutex> {
    /// For as long as it is held no other runner gets this radio.
    _claim: Claim<C, M>,
    pub(super) shared: &'static Shared<C, M>,
    pub(super) radio: R,
    pub(super) store: S,
    made: Made,
    deadline: Option<Instant>,
    /// When the trial of a configuration goes on.
    pub(super) trial_due: Option<Instant>,
    /// The machine waits for this to be written.
    pub(super) writing: Option<Result<(), StoreFailed>>,
}

/// What one look at the machine asks of the runner outside the lock.
enum Effect {
    Nothing,
    Tell(Record),
    Show(State),
    Restart,
    Wait(Option<Instant>),
}

impl<R: Radio, S: Storage, C: Clock, M: RawMutex> Runner<R, S, C, M> {
    pub(super) fn new(claim: Claim<C, M>, radio: R, store: S, made: Made) -> Self {
        Self {
            shared: claim.0,
            _claim: claim,
            radio,
            store,
            made,
            deadline: None,
            trial_due: None,
            writing: None,
        }
    }

    /// The handle on this device.
    pub fn wifi(&self) -> Wifi<C, M> {
        Wifi::of(self.shared)
    }

    /// Runs the device until it wants to restart. Dropping the future and calling again loses
    /// nothing.
    pub async fn run(&mut self) -> Restart {
        loop {
            if let Some(restart) = self.settle().await {
                return restart;
            }
            let input = self.next().await;
            self.take(input);
        }
    }

    /// Restarts the device in place, where there is no chip to be reset: it boots again from what
    /// is stored, with its radio silent. To be called when [`run`](Self::run) has come back.
    ///
    /// # Errors
    /// The store cannot be read; the device is as it was when it wanted to restart.
    pub async fn restart(&mut self, warn: &mut dyn FnMut(&Warning<'_>)) -> Result<(), LoadError> {
        let stored = self.store.load(warn).await?;
        self.radio.reset();
        self.writing = None;
        self.deadline = None;
        self.trial_due = None;
        let now = self.shared.clock().now();
        self.shared
            .install(|slot| builder::place(slot, stored, self.made, false, now));
        self.store.forget();
        Ok(())
    }

    /// Does what can be done now, and comes back: for a super-loop without an executor. A write to
    /// flash is waited for.
    pub fn step(&mut self) -> Option<Restart> {
        let restart = block_on(self.settle());
        if restart.is_some() {
            return restart;
        }
        match poll_once(self.next()) {
            core::task::Poll::Ready(input) => {
                self.take(input);
                block_on(self.settle())
            }
            core::task::Poll::Pending => None,
        }
    }

    /// The next thing that concerns the machine.
    async fn next(&mut self) -> Option<Input> {
        let Self {
            shared,
            radio,
            deadline,
            trial_due,
            ..
        } = self;
        let due = async {
            match [*deadline, *trial_due].into_iter().flatten().min() {
                Some(at) => shared.clock().sleep_until(at).await,
                None => core::future::pending().await,
            }
        };
        match select3(radio.next(), shared.woken(), due).await {
            Either3::First(event) => Some(Input::Radio(event)),
            Either3::Second(()) => None,
            Either3::Third(()) => Some(Input::Timeout),
        }
    }

    /// Hands an input to the machine.
    fn take(&mut self, input: Option<Input>) {
        let now = self.shared.clock().now();
        let Self { shared, radio, .. } = self;
        let Some(input) = input else { return };
        shared.look(|device| {
            if let Input::Radio(RadioEvent::Report(_)) = input {
                device.update_clients(radio, |_| true);
            }
            device.manager.handle(input, now);
        });
    }

    /// Carries out what the machine wants, and gives it what the doors left, until there is
    /// nothing of either.
    async fn settle(&mut self) -> Option<Restart> {
        loop {
            match self.poll() {
                Effect::Nothing => {}
                Effect::Tell(record) => self.tell(&record),
                Effect::Show(state) => self.shared.show(state, self.shared.clock().now()),
                Effect::Restart => {
                    // The acknowledgement of who asked for it is printed first.
                    while self.converse() {}
                    self.shared.tell();
                    return Some(Restart);
                }
                Effect::Wait(deadline) => {
                    self.deadline = deadline;
                    self.shared.tell();
                    if !self.write().await
                        && !self.try_config().await
                        && !self.feed()
                        && !self.converse()
                        && !self.rename().await
                        && !self.store_sent().await
                        && !self.run_errand().await
                        && !self.serve_fleet().await
                    {
                        return None;
                    }
                }
            }
        }
    }

    /// Takes one output of the machine.
    fn poll(&mut self) -> Effect {
        let now = self.shared.clock().now();
        let Self {
            shared,
            radio,
            store,
            writing,
            ..
        } = self;
        let effect = shared.look(|device| {
            let output = device.manager.poll_output();
            device.consoles.hear(&output, &device.manager);
            match output {
                Output::Wait(deadline) => {
                    let owed = [device.consoles.poll_timeout(), device.fleet.poll_timeout()];
                    let owed = owed.into_iter().flatten();
                    return Effect::Wait(deadline.into_iter().chain(owed).min());
                }
                Output::Radio(op) => radio.start(op, Target::of(op, &device.manager)),
                Output::Store(op) => *writing = Some(store.take(op, device.source())),
                Output::Event(event) => {
                    let record = device.note(event, now);
                    device.update_clients(radio, |client| client.rssi.is_none());
                    return Effect::Tell(record);
                }
                Output::Reply(ticket, reply) => device.answer(ticket, reply),
                Output::Failed(ticket, verdict) => failed(device, ticket, verdict),
                Output::State(ticket, state) => {
                    device.changed(ticket, state);
                    return Effect::Show(state);
                }
                Output::ProbeInternet => shared.ask_probe(),
                Output::Restart => return Effect::Restart,
            }
            Effect::Nothing
        });
        effect.unwrap_or(Effect::Wait(None))
    }

    /// Tells the callbacks. One that removes itself or another meanwhile disturbs nobody.
    pub(super) fn tell(&self, record: &Record) {
        let publisher = self.shared.hooks(|hooks| hooks.publisher.clone());
        if let Some(publisher) = publisher {
            publisher.call(record);
        }
        if !super::wifi::is_connection_change(&record.event) {
            return;
        }
        let mut last = CallbackId::default();
        let after = |last| self.shared.hooks(|hooks| hooks.callbacks.after(last));
        while let Some((id, hook)) = after(last) {
            hook.call(record);
            last = id;
        }
    }

    /// Writes what the machine waits for; false where it waits for nothing.
    async fn write(&mut self) -> bool {
        let Some(taken) = self.writing else {
            return false;
        };
        let stored = match taken {
            Ok(()) => self.store.commit().await,
            Err(failed) => Err(failed),
        };
        self.writing = None;
        self.take(Some(Input::Stored(stored)));
        true
    }

    /// Gives the machine one thing that a door left; false where there is none.
    fn feed(&mut self) -> bool {
        let input = self.shared.look(Device::next_input).flatten();
        let some = input.is_some();
        self.take(input);
        some
    }

    /// Lets the consoles go on; false where none has anything to do.
    fn converse(&mut self) -> bool {
        let now = self.shared.clock().now();
        let went_on = self.shared.look(|device| device.converse(now));
        if went_on == Some(true) {
            self.shared.tell();
        }
        went_on.unwrap_or(false)
    }

    /// Stores a new name; false where there is none. One that is not stored is not taken.
    async fn rename(&mut self) -> bool {
        let Self { shared, store, .. } = self;
        let begun = shared.look(|device| {
            let before = device.renaming.begin(&mut device.services)?;
            // What is written now must not go with a configuration on trial.
            device.trial.changed();
            Some((before, store.take(StoreOp::Settings, device.source())))
        });
        let Some((before, taken)) = begun.flatten() else {
            return false;
        };
        let stored = taken.is_ok() && store.commit().await.is_ok();
        shared.look(|device| device.renaming.end(before, stored, &mut device.services));
        shared.tell();
        true
    }

    /// Does what the handle wants of the store; false where it wants nothing.
    async fn run_errand(&mut self) -> bool {
        let asked = self.shared.look(|device| match device.errand {
            Errand::Asked(task) => Some(task).filter(|_| device.is_at_rest()),
            Errand::Idle | Errand::Done(..) => None,
        });
        let Some(task) = asked.flatten() else {
            return false;
        };
        let done = match task {
            Task::Save => {
                self.shared.look(|device| device.trial.changed());
                self.save_all().await
            }
            Task::Load => self.reload(false).await,
        };
        self.shared
            .look(|device| device.errand = Errand::Done(task, done));
        self.shared.tell();
        true
    }

    /// Writes everything, piece by piece.
    async fn save_all(&mut self) -> bool {
        for piece in [StoreOp::Settings, StoreOp::Networks] {
            let Self { shared, store, .. } = self;
            let taken = shared.look(|device| store.take(piece, device.source()));
            if taken != Some(Ok(())) || store.commit().await.is_err() {
                return false;
            }
        }
        true
    }
}

/// The credentials of that ticket failed.
fn failed(device: &mut Device, ticket: Ticket, verdict: Verdict) {
    let error = JoinError::of(verdict).unwrap_or(JoinError::Interrupted);
    device.end(ticket, Err(error));
}
