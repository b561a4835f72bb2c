//! How much of the stack was ever used.

unsafe extern "C" {
    /// Its lowest word, and the end of the memory above it: symbols of riscv-rt's `link.x`.
    static __estack: u32;
    static _stack_start: u32;
}

/// How far below what is known is looked, in bytes: no frame is that large without a word in it.
const WINDOW: usize = 64 * 1024;

/// Bytes from its top to the deepest word that was written since power-on, when QEMU's memory is
/// all zeros; `known` is what this gave before, or 0.
pub fn deepest(known: usize) -> usize {
    let (low, top) = (
        (&raw const __estack).expose_provenance(),
        (&raw const _stack_start).expose_provenance(),
    );
    let top_of_rest = top - known;
    let low = low.max(top_of_rest.saturating_sub(WINDOW));
    let is_written = |address: &usize| {
        let word = core::ptr::with_exposed_provenance::<u32>(*address);
        // SAFETY: a word of the stack's memory, whose limits are aligned; what is in it does not
        // matter.
        unsafe { word.read_volatile() != 0 }
    };
    let deepest = (low..top_of_rest)
        .step_by(size_of::<u32>())
        .find(is_written);
    top - deepest.unwrap_or(top_of_rest)
}
