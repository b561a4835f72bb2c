//! What a device and its fleet server say to each other.
//!
//! Wire types apart from domain types, with golden files; sealing of requests without TLS; how both
//! sides derive a device's key from a claim.

#![no_std]
