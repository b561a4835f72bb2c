//! The device's names: what they are, and how a new one gets into the store.

use heapless::String;
use landfall_core::command::Door;
use landfall_core::config::{DEVICE_NAME_MAX, Services};
use landfall_core::improv::Verb;
use landfall_core::net::{Hostname, Mac};

/// A new name on its way into the store: one at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::runtime) enum Renaming {
    #[default]
    Idle,
    /// The runner is to put it there.
    Asked(Door, Verb, Hostname),
    /// It is there; or the store did not take it, and nothing changed.
    Done(Door, Verb, bool),
}

impl Renaming {
    /// Puts the new name in its place; gives the services as they were before, for a store that
    /// does not take it. None: there is no new name.
    pub(in crate::runtime) fn begin(&self, services: &mut Services) -> Option<Before> {
        let Self::Asked(_, verb, name) = self else {
            return None;
        };
        let before = Before {
            hostname: services.hostname.clone(),
            device_name: services.device_name.clone(),
        };
        match verb {
            Verb::DeviceName => services.device_name = text_of(name),
            Verb::Settings | Verb::State | Verb::Info | Verb::Scan | Verb::Hostname => {
                services.hostname = Some(name.clone());
            }
        }
        Some(before)
    }

    /// The store took it, or not: then everything is as it was before.
    pub(in crate::runtime) fn end(
        &mut self,
        before: Before,
        stored: bool,
        services: &mut Services,
    ) {
        if !stored {
            services.hostname = before.hostname;
            services.device_name = before.device_name;
        }
        if let Self::Asked(door, verb, _) = *self {
            *self = Self::Done(door, verb, stored);
        }
    }
}

/// The names before a new one.
#[derive(Debug)]
pub(in crate::runtime) struct Before {
    hostname: Option<Hostname>,
    device_name: String<DEVICE_NAME_MAX>,
}

/// The name that a verb is about.
pub(super) fn name_of(verb: Verb, services: &Services, mac: Mac) -> String<DEVICE_NAME_MAX> {
    match verb {
        Verb::DeviceName if !services.device_name.is_empty() => services.device_name.clone(),
        Verb::DeviceName
        | Verb::Settings
        | Verb::State
        | Verb::Info
        | Verb::Scan
        | Verb::Hostname => match &services.hostname {
            Some(name) => text_of(name),
            None => text_of(&Hostname::of(mac)),
        },
    }
}

fn text_of(name: &Hostname) -> String<DEVICE_NAME_MAX> {
    // A host name is shorter.
    String::try_from(name.as_str()).unwrap_or_default()
}
