//! Registers of devices, by their addresses.

/// A register of that width at a fixed address.
#[derive(Clone, Copy, Debug)]
pub struct Register<T> {
    address: usize,
    kind: core::marker::PhantomData<T>,
}

impl<T: Copy> Register<T> {
    /// The register at that address.
    ///
    /// # Safety
    /// A device of the machine has such a register there, and reading and writing it touches no
    /// memory that Rust knows of.
    pub const unsafe fn at(address: usize) -> Self {
        let kind = core::marker::PhantomData;
        Self { address, kind }
    }

    /// What it reads.
    pub fn read(self) -> T {
        // SAFETY: there is such a register, as whoever made this promised.
        unsafe { core::ptr::with_exposed_provenance::<T>(self.address).read_volatile() }
    }

    /// Writes it.
    pub fn write(self, value: T) {
        // SAFETY: there is such a register, as whoever made this promised.
        unsafe { core::ptr::with_exposed_provenance_mut::<T>(self.address).write_volatile(value) }
    }
}
