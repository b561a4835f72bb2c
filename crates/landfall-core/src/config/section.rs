//! The objects of a configuration document.

/// One object of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Root,
    AccessPoint,
    ApConfig,
    ConfigServer,
    Webrepl,
    Station,
    Portal,
    Fleet,
    Mqtt,
    Radio,
    Led,
}

impl Section {
    /// The member that it is; nothing for the document itself.
    pub(super) const fn name(self) -> &'static str {
        self.names()[0]
    }

    /// The one name that the member may have.
    pub(super) const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Root => &[""],
            Self::AccessPoint => &["access_point"],
            Self::ApConfig => &["config"],
            Self::ConfigServer => &["config_server"],
            Self::Webrepl => &["webrepl"],
            Self::Station => &["station"],
            Self::Portal => &["portal"],
            Self::Fleet => &["fleet"],
            Self::Mqtt => &["mqtt"],
            Self::Radio => &["radio"],
            Self::Led => &["led"],
        }
    }

    /// What stands for it among the unknown members that are kept. Stored: never change one.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Root => "a",
            Self::AccessPoint => "p",
            Self::ApConfig => "c",
            Self::ConfigServer => "s",
            Self::Webrepl => "w",
            Self::Station => "t",
            Self::Portal => "o",
            Self::Fleet => "f",
            Self::Mqtt => "m",
            Self::Radio => "r",
            Self::Led => "l",
        }
    }
}

/// The members that have a meaning in a known network.
pub(super) const NETWORK_KEYS: &[&str] = &[
    "ssid",
    "ssid_hex",
    "password",
    "enables_webrepl",
    "bssid",
    "hidden",
];
