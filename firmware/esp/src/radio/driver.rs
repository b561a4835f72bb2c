//! What the radio's driver is asked for beside `esp-radio`, each call in a safe coat.
//!
//! `esp-radio` changes between station and both by stopping and starting the driver, which throws every phone off the
//! access point, and where a configuration is refused it leaves the radio off. It has no list of the access point's
//! clients. So mode, configurations, scan and join go to the driver directly; `esp-radio` brings it up, feeds its
//! events to us, and moves the packets.

use core::mem::MaybeUninit;

#[cfg(feature = "esp32")]
use esp_wifi_sys_esp32 as sys;
#[cfg(feature = "esp32c3")]
use esp_wifi_sys_esp32c3 as sys;
#[cfg(feature = "esp32c6")]
use esp_wifi_sys_esp32c6 as sys;
#[cfg(feature = "esp32s3")]
use esp_wifi_sys_esp32s3 as sys;
use heapless::Vec;
use landfall_core::net::{
    Bssid, Channel, KeyMaterial, Mac, PASSPHRASE_MAX, PSK_HEX_LEN, Passphrase, SSID_MAX, Security,
    Ssid,
};
use landfall_core::radio::{AuthMode, ScanRow};
use sys::include as c;
use zeroize::Zeroize;

/// Most clients that the driver's access point lists.
pub const CLIENTS_MAX: usize = 10;
/// How long a scan stays on a channel, in milliseconds: at least, and where somebody answered. 13 channels with a
/// return home between them fit into the 3 s that a scan may take. The wrapper's own 10 to 20 ms miss access points.
const DWELL_MS: (u32, u32) = (60, 120);
/// How long a scan stays on the home channel between two others, in milliseconds: the least the driver takes.
const HOME_DWELL_MS: u8 = 30;
/// Beacons that announce a change of channel to the clients.
const CSA_BEACONS: u8 = 3;
/// Beacon intervals of 1.024 ms.
const BEACON_INTERVAL: u16 = 100;
/// Every second beacon announces what is kept for sleeping clients.
const DTIM_PERIOD: u8 = 2;
/// The weakest access point that is joined, in dBm: as weak as the radio hears.
const RSSI_MIN_DBM: i8 = -127;
/// The driver counts power in quarters of a dBm.
const QUARTERS: i8 = 4;

/// The driver refused; its number (`esp_err_t` of ESP-IDF).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub i32);

/// Which interfaces are up. The station always is: an idle one sends nothing, and scans need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interfaces {
    /// The station alone.
    Station,
    /// And the access point.
    Both,
}

/// An access point as the driver takes it.
#[derive(Clone, Debug)]
pub struct ApConfig {
    /// Its name.
    pub ssid: Ssid,
    /// Its key; none: open.
    pub key: Option<Passphrase>,
    /// Whether it hides its name.
    pub hidden: bool,
    /// Most clients.
    pub max_clients: u8,
    /// Its channel.
    pub channel: Channel,
}

fn checked(code: c::esp_err_t) -> Result<(), Refused> {
    if code == c::ESP_OK as c::esp_err_t {
        Ok(())
    } else {
        Err(Refused(code))
    }
}

/// Brings interfaces up and down while the driver runs: a station that stays keeps its link.
pub fn set_interfaces(interfaces: Interfaces) -> Result<(), Refused> {
    let mode = match interfaces {
        Interfaces::Station => c::wifi_mode_t_WIFI_MODE_STA,
        Interfaces::Both => c::wifi_mode_t_WIFI_MODE_APSTA,
    };
    // SAFETY: takes a number, and the driver was initialised by the controller that the adapter holds.
    checked(unsafe { c::esp_wifi_set_mode(mode) })
}

/// Starts the driver.
pub fn start() -> Result<(), Refused> {
    // SAFETY: takes nothing; the driver is initialised.
    checked(unsafe { c::esp_wifi_start() })
}

/// Stops the driver: links and access point are gone.
pub fn stop() -> Result<(), Refused> {
    // SAFETY: as for `start`. `esp-radio` follows the interfaces by the driver's events, and sends nothing over one
    // that is down.
    checked(unsafe { c::esp_wifi_stop() })
}

/// Takes the access point's settings; it has to be up, or the driver stopped in [`Interfaces::Both`].
pub fn configure_ap(config: &ApConfig) -> Result<(), Refused> {
    let mut ap = zeroed_ap();
    let name = config.ssid.as_bytes();
    ap.ssid[..name.len()].copy_from_slice(name);
    ap.ssid_len = name.len() as u8;
    ap.channel = config.channel.number();
    ap.ssid_hidden = u8::from(config.hidden);
    ap.max_connection = config.max_clients.min(CLIENTS_MAX as u8);
    ap.beacon_interval = BEACON_INTERVAL;
    ap.csa_count = CSA_BEACONS;
    ap.dtim_period = DTIM_PERIOD;
    ap.pairwise_cipher = c::wifi_cipher_type_t_WIFI_CIPHER_TYPE_CCMP;
    ap.authmode = match &config.key {
        Some(key) => {
            write_key(key, &mut ap.password);
            c::wifi_auth_mode_t_WIFI_AUTH_WPA2_PSK
        }
        None => c::wifi_auth_mode_t_WIFI_AUTH_OPEN,
    };
    let mut config = c::wifi_config_t { ap };
    // SAFETY: the union holds what the interface says; the driver copies it before it returns.
    let taken = unsafe { c::esp_wifi_set_config(c::wifi_interface_t_WIFI_IF_AP, &mut config) };
    ap.password.zeroize();
    wipe(&mut config);
    checked(taken)
}

/// Takes the network to join. The driver's names end at a zero byte: one that holds such a byte cannot be joined.
pub fn configure_station(
    ssid: &Ssid,
    security: &Security,
    bssid: Option<Bssid>,
    channel: Option<Channel>,
) -> Result<(), Refused> {
    let mut sta = zeroed_sta();
    let name = ssid.as_bytes();
    sta.ssid[..name.len()].copy_from_slice(name);
    if let Some(bssid) = bssid {
        sta.bssid_set = true;
        sta.bssid = bssid.0;
    }
    sta.channel = channel.map_or(0, Channel::number);
    sta.scan_method = match bssid {
        Some(_) => c::wifi_scan_method_t_WIFI_FAST_SCAN,
        // Any of that name: then the strongest.
        None => c::wifi_scan_method_t_WIFI_ALL_CHANNEL_SCAN,
    };
    sta.sort_method = c::wifi_sort_method_t_WIFI_CONNECT_AP_BY_SIGNAL;
    sta.threshold.rssi = RSSI_MIN_DBM;
    sta.threshold.authmode = match security {
        Security::Open => c::wifi_auth_mode_t_WIFI_AUTH_OPEN,
        Security::Personal(key) => {
            write_key(key, &mut sta.password);
            c::wifi_auth_mode_t_WIFI_AUTH_WPA2_PSK
        }
    };
    sta.pmf_cfg.capable = true;
    let mut config = c::wifi_config_t { sta };
    // SAFETY: as in `configure_ap`.
    let taken = unsafe { c::esp_wifi_set_config(c::wifi_interface_t_WIFI_IF_STA, &mut config) };
    sta.password.zeroize();
    wipe(&mut config);
    checked(taken)
}

fn zeroed_ap() -> c::wifi_ap_config_t {
    // SAFETY: numbers, arrays of numbers and `bool`s, for all of which zero is a value.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

fn zeroed_sta() -> c::wifi_sta_config_t {
    // SAFETY: as for `zeroed_ap`.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

fn wipe(config: &mut c::wifi_config_t) {
    // SAFETY: both members begin with name and key, arrays at the same places.
    unsafe { config.sta.password.zeroize() };
}

/// A passphrase as it is; a raw key as the 64 digits that the driver tells from one.
fn write_key(key: &Passphrase, out: &mut [u8; PSK_HEX_LEN]) {
    const _: () = assert!(PASSPHRASE_MAX < PSK_HEX_LEN && SSID_MAX == 32);
    match key.material() {
        KeyMaterial::Phrase(text) => out[..text.len()].copy_from_slice(text.as_bytes()),
        KeyMaterial::Raw(raw) => {
            for (pair, byte) in out.as_chunks_mut::<2>().0.iter_mut().zip(raw) {
                *pair =
                    [byte >> 4, byte & 0xf].map(|digit| b"0123456789abcdef"[usize::from(digit)]);
            }
        }
    }
}

/// Begins to join what was configured; an event tells how it ends.
pub fn connect() -> Result<(), Refused> {
    // SAFETY: takes nothing. The same call as `esp-radio` makes: without roaming, which is the machine's.
    checked(unsafe { c::esp_wifi_connect_internal() })
}

/// Begins to leave, or to give up joining; an event tells when it is done.
pub fn disconnect() -> Result<(), Refused> {
    // SAFETY: as for `connect`.
    checked(unsafe { c::esp_wifi_disconnect_internal() })
}

/// Begins to look at all channels, hidden networks too; an event tells when it is done.
pub fn begin_scan() -> Result<(), Refused> {
    // SAFETY: numbers and null pointers, which stand for "any".
    let mut config: c::wifi_scan_config_t = unsafe { MaybeUninit::zeroed().assume_init() };
    config.show_hidden = true;
    config.scan_type = c::wifi_scan_type_t_WIFI_SCAN_TYPE_ACTIVE;
    config.scan_time.active = c::wifi_active_scan_time_t {
        min: DWELL_MS.0,
        max: DWELL_MS.1,
    };
    // On channels where the country forbids to send first.
    config.scan_time.passive = DWELL_MS.1;
    config.home_chan_dwell_time = HOME_DWELL_MS;
    // SAFETY: the driver copies the configuration; `false`: it does not wait for the end.
    checked(unsafe { c::esp_wifi_scan_start(&config, false) })
}

/// Ends the scan under way.
pub fn end_scan() {
    // SAFETY: takes nothing. A refusal means that none is under way.
    unsafe { c::esp_wifi_scan_stop() };
}

/// Takes the next row out of the driver's list of the last scan, strongest first.
pub fn next_row() -> Option<ScanRow> {
    let mut record = MaybeUninit::<c::wifi_ap_record_t>::zeroed();
    // SAFETY: a record is written where the call succeeds; zero is a value of all its fields.
    let record = unsafe {
        checked(c::esp_wifi_scan_get_ap_record(record.as_mut_ptr())).ok()?;
        record.assume_init()
    };
    Some(row(&record))
}

/// Frees the driver's list of the last scan.
pub fn forget_rows() {
    // SAFETY: takes nothing.
    unsafe { c::esp_wifi_clear_ap_list() };
}

fn row(record: &c::wifi_ap_record_t) -> ScanRow {
    let len = record.ssid.iter().position(|byte| *byte == 0);
    let name = &record.ssid[..len.unwrap_or(SSID_MAX).min(SSID_MAX)];
    ScanRow {
        ssid: Ssid::new(name).ok(),
        bssid: Mac(record.bssid),
        channel: Channel::new(record.primary).unwrap_or(Channel::ONE),
        rssi: record.rssi,
        auth: auth(record.authmode),
    }
}

fn auth(mode: c::wifi_auth_mode_t) -> AuthMode {
    match mode {
        c::wifi_auth_mode_t_WIFI_AUTH_OPEN => AuthMode::Open,
        c::wifi_auth_mode_t_WIFI_AUTH_WPA2_PSK | c::wifi_auth_mode_t_WIFI_AUTH_WPA_WPA2_PSK => {
            AuthMode::Wpa2
        }
        c::wifi_auth_mode_t_WIFI_AUTH_WPA3_PSK => AuthMode::Wpa3,
        c::wifi_auth_mode_t_WIFI_AUTH_WPA2_WPA3_PSK => AuthMode::Wpa2Wpa3,
        c::wifi_auth_mode_t_WIFI_AUTH_WPA2_ENTERPRISE
        | c::wifi_auth_mode_t_WIFI_AUTH_WPA3_ENT_192
        | c::wifi_auth_mode_t_WIFI_AUTH_WPA3_ENTERPRISE
        | c::wifi_auth_mode_t_WIFI_AUTH_WPA2_WPA3_ENTERPRISE
        | c::wifi_auth_mode_t_WIFI_AUTH_WPA_ENTERPRISE => AuthMode::Enterprise,
        // WEP, WPA alone, WAPI, OWE, DPP, and what the driver adds one day.
        _ => AuthMode::Other,
    }
}

/// How strongly the access point we are joined to is heard, in dBm; none: we are joined to none.
pub fn link_rssi() -> Option<i8> {
    let mut record = MaybeUninit::<c::wifi_ap_record_t>::zeroed();
    // SAFETY: as in `next_row`.
    unsafe {
        checked(c::esp_wifi_sta_get_ap_info(record.as_mut_ptr())).ok()?;
        Some(record.assume_init().rssi)
    }
}

/// The channel the radio is on.
pub fn channel() -> Option<Channel> {
    let (mut primary, mut second) = (0, c::wifi_second_chan_t_WIFI_SECOND_CHAN_NONE);
    // SAFETY: writes two numbers.
    checked(unsafe { c::esp_wifi_get_channel(&mut primary, &mut second) }).ok()?;
    Channel::new(primary)
}

/// Moves the radio, and with it the access point; clients that understand it are told beforehand.
pub fn set_channel(channel: Channel) -> Result<(), Refused> {
    let second = c::wifi_second_chan_t_WIFI_SECOND_CHAN_NONE;
    // SAFETY: takes two numbers.
    checked(unsafe { c::esp_wifi_set_channel(channel.number(), second) })
}

/// Who is joined to the access point, and how strongly each is heard, in dBm.
pub fn clients() -> Vec<(Mac, i8), CLIENTS_MAX> {
    let mut list = MaybeUninit::<c::wifi_sta_list_t>::zeroed();
    // SAFETY: the driver writes at most as many entries as the type has room for, and how many; zero is a value of
    // all fields.
    let list = unsafe {
        if checked(c::esp_wifi_ap_get_sta_list(list.as_mut_ptr())).is_err() {
            return Vec::new();
        }
        list.assume_init()
    };
    let count = usize::try_from(list.num).unwrap_or(0);
    let clients = list.sta.iter().take(count);
    clients
        .map(|client| (Mac(client.mac), client.rssi))
        .collect()
}

/// Has a client leave the access point.
pub fn deauthenticate(client: Mac) -> Result<(), Refused> {
    let mut aid = 0;
    // SAFETY: the driver reads six bytes, and writes one number.
    checked(unsafe { c::esp_wifi_ap_get_sta_aid(client.0.as_ptr(), &mut aid) })?;
    // SAFETY: takes a number; 0, which is everybody's, is not given to a client.
    checked(unsafe { c::esp_wifi_deauth_sta(aid) })
}

/// Sets the most power that is sent with, in dBm. The driver has to run.
pub fn set_power(dbm: u8) -> Result<(), Refused> {
    let quarters = i8::try_from(dbm)
        .unwrap_or(i8::MAX)
        .saturating_mul(QUARTERS);
    // SAFETY: takes a number, and refuses one that is out of its bounds.
    checked(unsafe { c::esp_wifi_set_max_tx_power(quarters) })
}

/// Sets the country by its two characters; `01` is the world, with what is allowed everywhere. Joined to an access
/// point that names its country, the radio keeps to that.
pub fn set_country(country: [u8; 2]) -> Result<(), Refused> {
    let text = [country[0], country[1], 0];
    // SAFETY: a text that ends at its zero byte, which the driver copies.
    checked(unsafe { c::esp_wifi_set_country_code(text.as_ptr().cast(), true) })
}
