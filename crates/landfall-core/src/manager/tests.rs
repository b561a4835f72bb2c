//! Scripts through a machine with a scripted radio. Whole worlds are in the simulator.
use super::Manager;

#[test]
fn the_machine_fits_4_kib() {
    assert!(size_of::<Manager>() <= 4096, "{}", size_of::<Manager>());
}

#[test]
fn sizes() {
    use super::*;
    std::println!(
        "wifi {} identity {} policy {} side {} known {} heard {} ap {} portal {} radio {} onb {} vault {} outbox {}",
        size_of::<Wifi>(),
        size_of::<Identity>(),
        size_of::<Policy>(),
        size_of::<StationSide>(),
        size_of::<Knowledge>(),
        size_of::<Heard>(),
        size_of::<AccessPoint>(),
        size_of::<Portal>(),
        size_of::<RadioQueue>(),
        size_of::<Onboarding>(),
        size_of::<Vault>(),
        size_of::<Outbox>()
    );
    std::println!(
        "known {} event {} total {}",
        size_of::<crate::config::KnownNetwork>(),
        size_of::<Event>(),
        size_of::<Manager>()
    );
}
