//! The devices of a measurement. At servers of our own both sides know their keys without asking each
//! other.

use landfall_protocol::hardware_id::HardwareId;
use landfall_protocol::key::DeviceKey;

/// A device, and the key by which it is known.
pub(super) type Known = (HardwareId, DeviceKey);

/// The hardware id of that device: an address that nobody was given (bit 1 of its first byte).
pub(super) fn id_of(number: u32) -> HardwareId {
    let [a, b, c, d] = number.to_be_bytes();
    HardwareId::of_mac([0x02, 0, a, b, c, d])
}

/// The key of that device. Guessed by anybody: nothing but a measurement knows these devices.
fn key_of(number: u32) -> DeviceKey {
    let mut key = [0x5a; 32];
    key[..4].copy_from_slice(&number.to_be_bytes());
    DeviceKey::new(key)
}

/// All of them.
pub(super) fn all(count: u32) -> Vec<Known> {
    (0..count)
        .map(|number| (id_of(number), key_of(number)))
        .collect()
}
