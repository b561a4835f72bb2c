//! The loop between the machine and the world, and the handle that programs hold.
//!
//! ```text
//!  Wifi (handle) ─┐                        ┌─ Radio
//!  console, HTTP ─┼─> Shared ──> Runner ───┼─ Storage
//!  subscribers  <─┘  (one lock)  (one loop)└─ Clock
//! ```
//!
//! Doors look at the machine under one short lock, and leave what they want in an inbox. The
//! [`Runner`] alone feeds the machine and carries out what comes of it, so that no door can
//! interleave with a radio operation or a write to flash. A call on the handle is a place in the
//! inbox and a look at the answer: dropping it withdraws what was not begun, and leaves the rest to
//! the machine.

mod builder;
mod calls;
mod chores;
mod clients;
mod clock;
mod configs;
mod consoles;
mod device;
mod error;
mod flash;
mod hooks;
mod improv;
mod outbox;
mod portal;
mod radio;
mod runner;
mod serial;
mod shared;
mod storage;
mod stream;
mod webrepl;
mod wifi;

pub use builder::{BuildError, Builder};
pub use calls::{CALLS_MAX, INBOX_MAX};
pub use clients::Clients;
pub use clock::Clock;
pub use configs::Confirm;
pub(crate) use configs::judge;
pub use consoles::{CONSOLES_MAX, INPUT_MAX, OUTPUT_MAX};
pub use device::Device;
pub use error::{
    ApError, CallError, JoinError, LoadError, PutError, SaveError, ScanError, ServerError, SetError,
};
pub use flash::{FlashStorage, ItemStorage};
pub use hooks::{HOOKS_MAX, Hook};
pub use radio::{Radio, Target};
pub use runner::{Restart, Runner};
pub use serial::{print_out, type_in};
pub use shared::Shared;
pub use storage::{Source, Storage, Stored};
pub use stream::EventStream;
pub use wifi::{SCAN_ROWS, Wifi};
