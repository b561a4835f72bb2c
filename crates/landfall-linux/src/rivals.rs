//! Who else holds the interface. Two managers on one radio tear each other's links down, so we refuse to
//! be the second one, and say how the first lets go.

use std::fmt;
use std::fs;
use std::path::Path;

/// Somebody who manages the interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rival {
    /// Who.
    who: Who,
    interface: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    NetworkManager,
    Networkd,
    Dhcpcd,
    Iwd,
    WpaSupplicant,
    Hostapd,
}

impl fmt::Display for Rival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.interface;
        match self.who {
            Who::NetworkManager => write!(
                f,
                "{name} is managed by NetworkManager; release it: write \"[keyfile]\" and \
                 \"unmanaged-devices=interface-name:{name}*\" to /etc/NetworkManager/conf.d/landfall.conf, \
                 then `nmcli general reload`"
            ),
            Who::Networkd => write!(
                f,
                "{name} is managed by systemd-networkd; release it: write \"[Match]\", \"Name={name}*\", \
                 \"[Link]\" and \"Unmanaged=yes\" to /etc/systemd/network/05-landfall.network, then \
                 `networkctl reload`"
            ),
            Who::Dhcpcd => write!(
                f,
                "{name} is managed by dhcpcd; release it: add \"denyinterfaces {name}*\" to \
                 /etc/dhcpcd.conf, then `systemctl restart dhcpcd`"
            ),
            Who::Iwd => write!(
                f,
                "{name} is managed by iwd; release it: `systemctl disable --now iwd`"
            ),
            Who::WpaSupplicant => write!(
                f,
                "{name} is held by another wpa_supplicant; release it: \
                 `systemctl disable --now wpa_supplicant@{name}` or end that process"
            ),
            Who::Hostapd => write!(
                f,
                "{name} is held by another hostapd; release it: `systemctl disable --now hostapd` or end \
                 that process"
            ),
        }
    }
}

impl std::error::Error for Rival {}

/// Who manages that interface, by what is found below `root` (`/`); none: nobody.
pub fn find(root: &Path, interface: &str, index: u32) -> Option<Rival> {
    let processes = processes(root);
    let runs = |name: &str| processes.iter().any(|process| process.name == name);
    let held = |name: &str| {
        let holds = |process: &Process| process.name == name && process.holds(interface);
        processes.iter().any(holds)
    };
    let who = if runs("NetworkManager") && nm_manages(root, index) {
        Who::NetworkManager
    } else if runs("systemd-networkd") && networkd_manages(root, index) {
        Who::Networkd
    } else if runs("dhcpcd") && dhcpcd_manages(root, interface) {
        Who::Dhcpcd
    } else if runs("iwd") {
        Who::Iwd
    } else if held("wpa_supplicant") || asks_for(root, interface) {
        Who::WpaSupplicant
    } else if held("hostapd") {
        Who::Hostapd
    } else {
        return None;
    };
    Some(Rival {
        who,
        interface: interface.to_owned(),
    })
}

/// A running program.
struct Process {
    name: String,
    arguments: Vec<String>,
}

impl Process {
    /// Whether its arguments name the interface, by `-i` or as a word of their own.
    fn holds(&self, interface: &str) -> bool {
        let names = |word: &String| word == interface || word.strip_prefix("-i") == Some(interface);
        self.arguments.iter().any(names)
    }
}

fn processes(root: &Path) -> Vec<Process> {
    let Ok(entries) = fs::read_dir(root.join("proc")) else {
        return Vec::new();
    };
    let process = |entry: fs::DirEntry| {
        entry.file_name().to_str()?.parse::<u32>().ok()?;
        let name = fs::read_to_string(entry.path().join("comm")).ok()?;
        let words = fs::read(entry.path().join("cmdline")).ok()?;
        let words = words.split(|byte| *byte == 0);
        Some(Process {
            name: name.trim_end().to_owned(),
            arguments: words
                .map(|word| String::from_utf8_lossy(word).into_owned())
                .collect(),
        })
    };
    entries.flatten().filter_map(process).collect()
}

/// NetworkManager notes for every device whether it manages it.
fn nm_manages(root: &Path, index: u32) -> bool {
    let path = root.join(format!("run/NetworkManager/devices/{index}"));
    fs::read_to_string(path).is_ok_and(|text| text.lines().any(|line| line == "managed=true"))
}

/// systemd-networkd notes for every link how far it got with it.
fn networkd_manages(root: &Path, index: u32) -> bool {
    let path = root.join(format!("run/systemd/netif/links/{index}"));
    let Ok(text) = fs::read_to_string(path) else {
        return false;
    };
    let state = text
        .lines()
        .find_map(|line| line.strip_prefix("ADMIN_STATE="));
    state.is_some_and(|state| !matches!(state, "unmanaged" | "initialized" | "pending"))
}

/// dhcpcd takes every interface but those that its configuration denies it, or does not allow.
fn dhcpcd_manages(root: &Path, interface: &str) -> bool {
    let text = fs::read_to_string(root.join("etc/dhcpcd.conf")).unwrap_or_default();
    let mut allowed = true;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let names =
            |mut words: std::str::SplitWhitespace<'_>| words.any(|word| matches(word, interface));
        match words.next() {
            Some("denyinterfaces") if names(words.clone()) => return false,
            Some("allowinterfaces") => allowed = names(words),
            _ => {}
        }
    }
    allowed
}

/// Whether a pattern of a shell's kind, with a `*` at its end at most, fits a name.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(stem) => name.starts_with(stem),
        None => pattern == name,
    }
}

/// Whether a wpa_supplicant listens for that interface at the place where it usually does: one that was
/// given the interface later does not name it in its arguments.
fn asks_for(root: &Path, interface: &str) -> bool {
    use std::os::unix::net::UnixDatagram;

    let socket = root.join("run/wpa_supplicant").join(interface);
    // The file of one that was killed connects to nobody.
    UnixDatagram::unbound().is_ok_and(|end| end.connect(socket).is_ok())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;

    use super::*;

    /// A system with these files.
    fn check(files: &[(&str, &str)], expected: Option<Who>) {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let found = find(root.path(), "wlan0", 3).map(|rival| rival.who);
        assert_eq!(found, expected, "{files:?}");
    }

    #[test]
    fn managers_are_found() {
        let process = |name: &'static str, words: &'static str| {
            [("proc/7/comm", name), ("proc/7/cmdline", words)]
        };
        check(&[], None);
        let nm = process("NetworkManager\n", "/usr/sbin/NetworkManager\0");
        check(&nm, None);
        let managed = ("run/NetworkManager/devices/3", "[device]\nmanaged=true\n");
        check(&[&nm[..], &[managed]].concat(), Some(Who::NetworkManager));
        let unmanaged = ("run/NetworkManager/devices/3", "[device]\nmanaged=false\n");
        check(&[&nm[..], &[unmanaged]].concat(), None);
        check(&[managed], None);
        let networkd = process("systemd-networkd\n", "x\0");
        let link = ("run/systemd/netif/links/3", "ADMIN_STATE=configured\n");
        check(&[&networkd[..], &[link]].concat(), Some(Who::Networkd));
        let link = ("run/systemd/netif/links/3", "ADMIN_STATE=unmanaged\n");
        check(&[&networkd[..], &[link]].concat(), None);
        let dhcpcd = process("dhcpcd\n", "dhcpcd\0-q\0");
        check(&dhcpcd, Some(Who::Dhcpcd));
        let denied = ("etc/dhcpcd.conf", "hostname\ndenyinterfaces eth0 wlan*\n");
        check(&[&dhcpcd[..], &[denied]].concat(), None);
        let allowed = ("etc/dhcpcd.conf", "allowinterfaces eth0\n");
        check(&[&dhcpcd[..], &[allowed]].concat(), None);
        check(&process("iwd\n", "/usr/libexec/iwd\0"), Some(Who::Iwd));
        check(
            &process("wpa_supplicant\n", "wpa_supplicant\0-B\0-i\0wlan0\0"),
            Some(Who::WpaSupplicant),
        );
        check(
            &process("wpa_supplicant\n", "wpa_supplicant\0-iwlan0\0"),
            Some(Who::WpaSupplicant),
        );
        check(
            &process("wpa_supplicant\n", "wpa_supplicant\0-u\0-s\0"),
            None,
        );
        check(
            &process("hostapd\n", "hostapd\0-i\0wlan0\0x.conf\0"),
            Some(Who::Hostapd),
        );
    }

    #[test]
    fn a_socket_that_answers_is_a_rival_and_one_that_was_left_is_none() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("run/wpa_supplicant");
        fs::create_dir_all(&folder).unwrap();
        let socket = UnixDatagram::bind(folder.join("wlan0")).unwrap();
        let found = find(root.path(), "wlan0", 3).map(|rival| rival.to_string());
        assert!(
            found
                .unwrap()
                .starts_with("wlan0 is held by another wpa_supplicant; release it: ")
        );
        drop(socket);
        assert_eq!(find(root.path(), "wlan0", 3), None);
    }
}
