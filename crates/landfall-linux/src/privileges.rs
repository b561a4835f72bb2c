//! What the daemon may do: change interfaces, send raw packets, and open the low ports; nothing else.

use std::io;

use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, remove_capability_from_bounding_set,
    set_capabilities,
};

/// What is kept, of what there is.
pub const KEPT: CapabilitySet = CapabilitySet::NET_ADMIN
    .union(CapabilitySet::NET_RAW)
    .union(CapabilitySet::NET_BIND_SERVICE);

/// Gives up every other capability, for this thread, those that it starts, and the programs that it
/// starts. To be called before there are threads.
///
/// # Errors
/// The kernel refuses.
pub fn drop_others() -> io::Result<()> {
    let have = capabilities(None)?;
    if have.permitted.contains(CapabilitySet::SETPCAP) {
        for unwanted in (CapabilitySet::all() - KEPT).iter() {
            match remove_capability_from_bounding_set(unwanted) {
                // One that this kernel does not know.
                Ok(()) | Err(rustix::io::Errno::INVAL) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let kept = have.permitted & KEPT;
    Ok(set_capabilities(
        None,
        CapabilitySets {
            effective: kept,
            permitted: kept,
            inheritable: have.inheritable & KEPT,
        },
    )?)
}

/// What is missing of what is needed, by name; none: nothing.
pub fn missing() -> Option<&'static str> {
    let have = capabilities(None).ok()?.effective;
    [
        (CapabilitySet::NET_ADMIN, "CAP_NET_ADMIN"),
        (CapabilitySet::NET_RAW, "CAP_NET_RAW"),
        (CapabilitySet::NET_BIND_SERVICE, "CAP_NET_BIND_SERVICE"),
    ]
    .into_iter()
    .find_map(|(capability, name)| (!have.contains(capability)).then_some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_needed_is_given_up() {
        // On a thread of its own: the others of this program keep theirs.
        let check = || {
            drop_others().unwrap();
            let have = capabilities(None).unwrap();
            assert!(KEPT.contains(have.permitted | have.effective | have.inheritable));
        };
        std::thread::spawn(check).join().unwrap();
    }
}
