//! A step on time, whatever the device does: what a motor needs beside a connection.
//!
//! ```text
//!  hardware timer ── interrupt, priority 3 ──► task of an interrupt executor, priority 3: the step
//!                                              device, doors, network stacks: thread level, below all of it
//! ```
//!
//! The device's own lock ([`TaskLock`](crate::lock::TaskLock)) and its work mask nothing above the lowest priority. What
//! holds up a step are the short critical sections of executor and driver, and a write to the flash, which stops the chip.

use core::cell::RefCell;
use core::sync::atomic::{AtomicU32, Ordering};

use embassy_executor::SpawnError;
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use esp_hal::gpio::Output;
use esp_hal::interrupt::Priority;
use esp_hal::peripherals::FROM_CPU_INTR2;
use esp_hal::time::{Duration, Instant};
use esp_hal::timer::{AnyTimer, Error as TimerError, PeriodicTimer, Timer};
use esp_hal::{Blocking, handler, ram};
use esp_rtos::embassy::InterruptExecutor;
use static_cell::StaticCell;

use crate::jitter;

/// Why no steps are taken.
#[derive(Clone, Copy, Debug)]
pub enum StepError {
    /// The timer cannot count that period.
    Timer(TimerError),
    /// They are taken already.
    Running,
}

impl From<SpawnError> for StepError {
    fn from(_: SpawnError) -> Self {
        Self::Running
    }
}

type Ticking = PeriodicTimer<'static, Blocking>;

static TIMER: Mutex<CriticalSectionRawMutex, RefCell<Option<Ticking>>> =
    Mutex::new(RefCell::new(None));
static TICK: Signal<CriticalSectionRawMutex, ()> = Signal::new();
/// When the next step is due, in microseconds of the chip's clock, wrapping.
static DUE_US: AtomicU32 = AtomicU32::new(0);
static PERIOD_US: AtomicU32 = AtomicU32::new(0);

/// Steps that pin every `period_us` from now on, or steps in thought where there is none, and counts how late each comes.
///
/// # Errors
/// [`StepError`].
pub fn start(
    timer: impl Timer + Into<AnyTimer<'static>>,
    interrupt: FROM_CPU_INTR2<'static>,
    pin: Option<Output<'static>>,
    period_us: u32,
) -> Result<(), StepError> {
    static EXECUTOR: StaticCell<InterruptExecutor<2>> = StaticCell::new();
    let executor = EXECUTOR.try_init(InterruptExecutor::new(interrupt));
    let spawner = executor
        .ok_or(StepError::Running)?
        .start(Priority::Priority3);
    spawner.spawn(step(pin)?);
    let mut timer = PeriodicTimer::new(timer);
    timer.set_interrupt_handler(on_tick);
    timer.listen();
    PERIOD_US.store(period_us, Ordering::Relaxed);
    DUE_US.store(now_us().wrapping_add(period_us), Ordering::Relaxed);
    let period = Duration::from_micros(period_us.into());
    timer.start(period).map_err(StepError::Timer)?;
    TIMER.lock(|slot| slot.replace(Some(timer)));
    Ok(())
}

#[handler(priority = Priority::Priority3)]
#[ram]
fn on_tick() {
    TIMER.lock(|timer| {
        if let Some(timer) = timer.borrow_mut().as_mut() {
            timer.clear_interrupt();
        }
    });
    TICK.signal(());
}

#[embassy_executor::task]
async fn step(mut pin: Option<Output<'static>>) {
    loop {
        TICK.wait().await;
        if let Some(pin) = &mut pin {
            pin.toggle();
        }
        count();
    }
}

/// Counts the step that was just taken, and says when the next one is due. Of steps that fell together the first is counted.
#[ram]
fn count() {
    let due = DUE_US.load(Ordering::Relaxed);
    let period = PERIOD_US.load(Ordering::Relaxed).max(1);
    let late = now_us().wrapping_sub(due);
    jitter::count(late);
    DUE_US.store(
        due.wrapping_add(period * (late / period + 1)),
        Ordering::Relaxed,
    );
}

fn now_us() -> u32 {
    Instant::now().duration_since_epoch().as_micros() as u32
}
