//! What the runner and the doors share: one device under one short lock.

use core::cell::RefCell;
use core::future::poll_fn;
use core::task::{Context, Poll};

use embassy_futures::select::{Either, select};
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, RawMutex};
use embassy_sync::once_lock::OnceLock;
use embassy_sync::signal::Signal;
use embassy_sync::waitqueue::MultiWakerRegistration;
use embassy_sync::watch::{self, Watch};
use landfall_core::command::{Command, Door, Reply, Ticket};
use landfall_core::config::Identity;
use landfall_core::led::{Blinker, Pattern, Patterns};
use landfall_core::status::State;
use landfall_core::time::Instant;

use super::calls::{Calls, Outcome};
use super::device::Device;
use super::hooks::Hooks;
use super::{CallError, Clock};

/// Most tasks that wait for the device at once without waking each other for nothing.
const WAITERS_MAX: usize = 24;
/// Most tasks that follow the LED.
const LED_WATCHERS: usize = 2;

/// One device, shared by its runner and its doors. Made once for each radio, in a `static` on
/// chips; [`Builder::build`](super::Builder::build) brings it to life.
pub struct Shared<C, M: RawMutex = CriticalSectionRawMutex> {
    clock: C,
    inside: Mutex<M, RefCell<Inside>>,
    wake: Signal<M, ()>,
    probe: Signal<M, ()>,
    identity: OnceLock<Identity>,
    led: Watch<M, Pattern, LED_WATCHERS>,
}

struct Inside {
    device: Option<Device>,
    running: bool,
    boots: u32,
    hooks: Hooks,
    blinker: Blinker,
    waiters: MultiWakerRegistration<WAITERS_MAX>,
}

impl<C, M: RawMutex> Shared<C, M> {
    /// A place for a device with that clock.
    pub const fn new(clock: C) -> Self {
        let inside = Inside {
            device: None,
            running: false,
            boots: 0,
            hooks: Hooks::new(),
            blinker: Blinker::new(),
            waiters: MultiWakerRegistration::new(),
        };
        Self {
            clock,
            inside: Mutex::new(RefCell::new(inside)),
            wake: Signal::new(),
            probe: Signal::new(),
            identity: OnceLock::new(),
            led: Watch::new_with(Pattern::Dark),
        }
    }

    /// The clock.
    pub fn clock(&self) -> &C {
        &self.clock
    }

    /// Looks at the device, for a moment; none before it was built. Do not wait in there. What is
    /// left for the machine is seen by it at once.
    pub fn with<T>(&self, look: impl FnOnce(&mut Device) -> T) -> Option<T> {
        let seen = self.look(look);
        self.wake.signal(());
        seen
    }

    /// Looks without waking the runner.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&mut Device) -> T) -> Option<T> {
        self.inside
            .lock(|inside| inside.borrow_mut().device.as_mut().map(look))
    }

    /// Looks at the callbacks.
    pub(super) fn hooks<T>(&self, look: impl FnOnce(&mut Hooks) -> T) -> T {
        self.inside
            .lock(|inside| look(&mut inside.borrow_mut().hooks))
    }

    /// Who the device is: said at its first boot, and the same at all that follow.
    pub(super) fn identity(&'static self, made: impl FnOnce() -> Identity) -> &'static Identity {
        self.identity.get_or_init(made)
    }

    /// Claims the device for a runner; false where one has it.
    pub(super) fn claim(&self) -> bool {
        self.inside.lock(|inside| {
            let running = &mut inside.borrow_mut().running;
            !core::mem::replace(running, true)
        })
    }

    /// Puts the device of a new boot in place. It is made there: a chip's stack has no room for one more.
    pub(super) fn install(&self, place: impl FnOnce(&mut Option<Device>)) {
        self.inside.lock(|inside| {
            let inside = &mut *inside.borrow_mut();
            let calls = inside.device.as_mut().map(|device| {
                let calls = core::mem::replace(&mut device.calls, Calls::new());
                calls.after_restart()
            });
            inside.boots = inside.boots.wrapping_add(1);
            inside.blinker = Blinker::new();
            place(&mut inside.device);
            if let (Some(device), Some(calls)) = (&mut inside.device, calls) {
                device.calls = calls;
            }
        });
        self.tell();
    }

    /// The runner is gone: calls under way end as not running.
    pub(super) fn release(&self) {
        self.inside
            .lock(|inside| inside.borrow_mut().running = false);
        self.tell();
    }

    /// Wakes those who wait for the device.
    pub(crate) fn tell(&self) {
        self.inside
            .lock(|inside| inside.borrow_mut().waiters.wake());
    }

    pub(super) async fn woken(&self) {
        self.wake.wait().await;
    }

    pub(super) fn show(&self, state: State, now: Instant) {
        let pattern = Patterns::DEFAULT.of(state);
        self.inside
            .lock(|inside| inside.borrow_mut().blinker.show(pattern, now));
        self.led.sender().send(pattern);
    }

    /// How the LED is lit.
    pub fn blinker(&self) -> Blinker {
        self.inside.lock(|inside| inside.borrow().blinker)
    }

    /// Follows what the LED is to show; none where two follow it already.
    pub fn led(&self) -> Option<watch::Receiver<'_, M, Pattern, LED_WATCHERS>> {
        self.led.receiver()
    }

    pub(super) fn ask_probe(&self) {
        self.probe.signal(());
    }

    /// Ends when the machine wants to know whether there is internet; answer by
    /// [`Device::internet`].
    pub async fn probe_wanted(&self) {
        self.probe.wait().await;
    }

    /// Checks the device now, and again whenever the runner has done something. `boot` counts the
    /// boots, so that one who follows the events notices a restart.
    pub(super) fn poll_check<T>(
        &self,
        cx: &mut Context<'_>,
        mut check: impl FnMut(&mut Device, u32) -> Option<T>,
    ) -> Poll<Result<T, CallError>> {
        self.inside.lock(|inside| {
            let inside = &mut *inside.borrow_mut();
            let boot = inside.boots;
            let seen = inside
                .device
                .as_mut()
                .and_then(|device| check(device, boot));
            match seen {
                Some(value) => Poll::Ready(Ok(value)),
                None if !inside.running => Poll::Ready(Err(CallError::NotRunning)),
                None => {
                    inside.waiters.register(cx.waker());
                    Poll::Pending
                }
            }
        })
    }

    /// Looks at the device, and at the count of its boots.
    pub(crate) fn at_boot<T>(&self, look: impl FnOnce(&mut Device, u32) -> Option<T>) -> Option<T> {
        self.inside.lock(|inside| {
            let inside = &mut *inside.borrow_mut();
            let boot = inside.boots;
            inside.device.as_mut().and_then(|device| look(device, boot))
        })
    }

    /// Wakes the task when the device or its runner comes or goes.
    pub(super) fn register(&self, cx: &mut Context<'_>) {
        self.inside
            .lock(|inside| inside.borrow_mut().waiters.register(cx.waker()));
    }
}

impl<C: Clock, M: RawMutex> Shared<C, M> {
    /// Waits until the check finds what it looks for, at most that long.
    pub(crate) async fn until<T>(
        &self,
        bound_ms: u32,
        mut check: impl FnMut(&mut Device) -> Option<T>,
    ) -> Result<T, CallError> {
        let bound = self.clock.sleep_until(self.clock.now().plus_ms(bound_ms));
        let found = poll_fn(|cx| self.poll_check(cx, |device, _| check(device)));
        match select(found, bound).await {
            Either::First(found) => found,
            Either::Second(()) => Err(CallError::TimedOut),
        }
    }

    /// Waits until the check finds what it looks for, as long as it takes and over restarts.
    pub async fn wait_for<T>(&self, mut check: impl FnMut(&mut Device) -> Option<T>) -> T {
        self.wait_at_boot(|device, _| check(device)).await
    }

    /// As [`wait_for`](Self::wait_for), with the count of the device's boots.
    pub(crate) async fn wait_at_boot<T>(
        &self,
        mut check: impl FnMut(&mut Device, u32) -> Option<T>,
    ) -> T {
        poll_fn(|cx| {
            self.register(cx);
            match self.at_boot(&mut check) {
                Some(found) => Poll::Ready(found),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Leaves a command and waits for the answer, at most that long. Dropped before the machine
    /// saw it, the command is withdrawn.
    pub async fn command(
        &self,
        door: Door,
        command: Command,
        bound_ms: u32,
    ) -> Result<Reply, CallError> {
        self.begin(door, command)?.reply(bound_ms).await
    }

    /// Leaves a command whose answers are waited for one by one.
    pub(crate) fn begin(&self, door: Door, command: Command) -> Result<Call<'_, C, M>, CallError> {
        let begun = self.with(|device| device.calls.begin(door, command));
        match begun {
            None => Err(CallError::NotRunning),
            Some(Err(_)) => Err(CallError::TooManyCalls),
            Some(Ok(ticket)) => Ok(Call {
                shared: self,
                ticket,
            }),
        }
    }
}

/// A call under way; dropped, it is withdrawn.
pub(crate) struct Call<'a, C, M: RawMutex> {
    shared: &'a Shared<C, M>,
    ticket: Ticket,
}

impl<C: Clock, M: RawMutex> Call<'_, C, M> {
    /// The answer.
    pub(crate) async fn reply(&self, bound_ms: u32) -> Result<Reply, CallError> {
        let ticket = self.ticket;
        let reply = |device: &mut Device| device.calls.reply(ticket);
        self.shared.until(bound_ms, reply).await
    }

    /// What became of the credentials.
    pub(crate) async fn outcome(&self, bound_ms: u32) -> Result<Outcome, CallError> {
        let ticket = self.ticket;
        let outcome = |device: &mut Device| device.calls.outcome(ticket);
        self.shared.until(bound_ms, outcome).await
    }
}

impl<C, M: RawMutex> Drop for Call<'_, C, M> {
    fn drop(&mut self) {
        let ticket = self.ticket;
        self.shared.look(|device| device.calls.withdraw(ticket));
    }
}
