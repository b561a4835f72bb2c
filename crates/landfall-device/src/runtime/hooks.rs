//! Callbacks: who is called when the connection changes, and the program's own publisher.

use core::any::TypeId;
use core::fmt;

use landfall_core::bus::Callbacks;
use landfall_core::event::Record;
#[cfg(feature = "std")]
use std::sync::Arc;

/// Most callbacks at once.
pub const HOOKS_MAX: usize = 8;

/// A callback. Made from a `&'static` function or closure, and on hosts from an
/// [`Arc`](https://doc.rust-lang.org/std/sync/struct.Arc.html) of one.
///
/// Called by the runner between two steps, without the device's lock: it may call the handle, and it
/// must not wait.
#[derive(Clone)]
pub struct Hook {
    call: Call,
}

#[derive(Clone)]
enum Call {
    /// A function without state is told from another by its type alone: such values have no
    /// address of their own.
    Static {
        of: TypeId,
        call: &'static (dyn Fn(&Record) + Sync),
    },
    #[cfg(feature = "std")]
    Owned(Arc<dyn Fn(&Record) + Send + Sync>),
}

impl<F: Fn(&Record) + Sync + 'static> From<&'static F> for Hook {
    fn from(call: &'static F) -> Self {
        let of = TypeId::of::<F>();
        Self {
            call: Call::Static { of, call },
        }
    }
}

#[cfg(feature = "std")]
impl<F: Fn(&Record) + Send + Sync + 'static> From<Arc<F>> for Hook {
    fn from(call: Arc<F>) -> Self {
        Self {
            call: Call::Owned(call),
        }
    }
}

/// The same callback: the same type at the same place.
impl PartialEq for Hook {
    fn eq(&self, other: &Self) -> bool {
        match (&self.call, &other.call) {
            (
                Call::Static { of, call },
                Call::Static {
                    of: of2,
                    call: call2,
                },
            ) => {
                let stateless = size_of_val(*call) == 0;
                of == of2 && (stateless || core::ptr::addr_eq(*call, *call2))
            }
            #[cfg(feature = "std")]
            (Call::Owned(a), Call::Owned(b)) => core::ptr::addr_eq(Arc::as_ptr(a), Arc::as_ptr(b)),
            #[cfg(feature = "std")]
            (Call::Static { .. }, Call::Owned(_)) | (Call::Owned(_), Call::Static { .. }) => false,
        }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hook")
    }
}

impl Hook {
    /// Calls it. On hosts a panic ends here, so that it stops neither the others nor the runner.
    pub(super) fn call(&self, record: &Record) {
        let call = || match &self.call {
            Call::Static { call, .. } => call(record),
            #[cfg(feature = "std")]
            Call::Owned(call) => call(record),
        };
        #[cfg(feature = "std")]
        // The panic hook has told of it already.
        drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)));
        #[cfg(not(feature = "std"))]
        call();
    }
}

/// The callbacks for changes of the connection, and the program's own publisher.
#[derive(Debug)]
pub(super) struct Hooks {
    pub(super) callbacks: Callbacks<Hook, HOOKS_MAX>,
    pub(super) publisher: Option<Hook>,
}

impl Hooks {
    pub(super) const fn new() -> Self {
        Self {
            callbacks: Callbacks::new(),
            publisher: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(_: &Record) {}
    fn two(_: &Record) {}

    #[test]
    fn a_callback_without_state_is_known_by_its_type() {
        assert_eq!(Hook::from(&one), Hook::from(&one));
        assert_ne!(Hook::from(&one), Hook::from(&two));
    }

    #[test]
    fn a_callback_with_state_is_known_by_its_place() {
        static WITH_STATE: [fn(&Record); 2] = [one; 2];
        assert_eq!(Hook::from(&WITH_STATE[0]), Hook::from(&WITH_STATE[0]));
        assert_ne!(Hook::from(&WITH_STATE[0]), Hook::from(&WITH_STATE[1]));
    }
}
