//! When a console line has had all its replies: what a pipe waits for before it sends the next.

use std::collections::BTreeMap;

/// Follows the replies to one line, which may hold several commands.
#[derive(Debug)]
pub(super) struct Exchange {
    /// For each command that is not replied to yet, in order, what ends it.
    expected: Vec<End>,
    /// Commands whose last line is still to come, and what ends them.
    open: BTreeMap<u32, End>,
    /// Whether the rows of a list are being printed: they carry no CID.
    rows: Rows,
    /// The last number of a command that was seen: the commands of this line have higher ones.
    last_cid: u32,
    failed: bool,
}

/// Whose rows come now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    /// Nobody's.
    None,
    /// Those of `HELP`, up to an empty line.
    Help,
    /// Those of a list, up to its `end`.
    List,
}

/// What the last line of a reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The `ACK`.
    Ack,
    /// The `end` line of a list, which may follow an `ACK`.
    List,
    /// The state after the verdict on credentials.
    Verdict,
    /// An empty line.
    Help,
    /// The line of the next boot that begins so.
    Boot(&'static str),
}

/// The last line of a restart into the access point.
const AP_IS_UP: &str = "CTRL: NET:AP_ACTIVE ";
/// The last line that every boot prints.
const IDENTITY: &str = "ID MAC=";
/// What the table of `HELP` begins with.
const HELP_BEGINS: &str = "HELP";
/// What a refusal and a failure begin with.
pub(super) const ERR: &str = "CTRL:ERR ";

impl Exchange {
    /// The replies that this line will get, to commands numbered after `last_cid`; none where it
    /// gets none.
    pub(super) fn of(line: &str, last_cid: u32) -> Option<Self> {
        let expected: Vec<End> = commands(line).filter_map(|one| End::of(&one)).collect();
        (!expected.is_empty()).then_some(Self {
            expected,
            open: BTreeMap::new(),
            rows: Rows::None,
            last_cid,
            failed: false,
        })
    }

    /// Takes one line of output; whether it belongs to the replies.
    pub(super) fn take(&mut self, line: &str) -> bool {
        match self.rows {
            Rows::Help => {
                if line.is_empty() {
                    self.rows = Rows::None;
                }
                return true;
            }
            Rows::List => {
                if line.starts_with("NET:") && line.contains(" end=") {
                    self.rows = Rows::None;
                    self.open.remove(&cid(line).unwrap_or_default());
                }
                return true;
            }
            Rows::None => {}
        }
        match cid(line) {
            Some(cid) if self.open.contains_key(&cid) => {
                self.follow(line, cid);
                true
            }
            // An edit of the network in use has its outcome told when the reply is long over.
            Some(cid) if cid <= self.last_cid => {
                self.failed |= line.starts_with(ERR);
                true
            }
            Some(cid) => self.begin(line, cid),
            None if self.restarts(line) => true,
            None => self.help_begins(line),
        }
    }

    /// Whether all replies are there.
    pub(super) fn is_whole(&self) -> bool {
        self.expected.is_empty() && self.open.is_empty() && self.rows == Rows::None
    }

    /// Whether a command was refused or failed.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// The number that the commands of the next line come after.
    pub(super) fn last_cid(&self) -> u32 {
        self.last_cid
    }

    /// Another line for a command that was answered already.
    fn follow(&mut self, line: &str, cid: u32) {
        let is_error = line.starts_with(ERR);
        self.failed |= is_error;
        if line.starts_with("NET:") {
            self.rows = Rows::List;
        } else if is_final_state(line) || (is_error && self.open.get(&cid) == Some(&End::List)) {
            self.open.remove(&cid);
        }
    }

    /// The first line for a command.
    fn begin(&mut self, line: &str, cid: u32) -> bool {
        let is_error = line.starts_with(ERR);
        let is_list = line.starts_with("NET:");
        if !is_error && !is_list && !line.starts_with("CTRL:ACK ") {
            return false;
        }
        let Some(end) = self.next() else {
            return false;
        };
        self.last_cid = cid;
        self.failed |= is_error;
        if is_list {
            self.rows = Rows::List;
        } else if let (false, End::List | End::Verdict | End::Boot(_)) = (is_error, end) {
            self.open.insert(cid, end);
        }
        true
    }

    /// A line of the boot that a command asked for. Nothing of the boot before it comes any more.
    fn restarts(&mut self, line: &str) -> bool {
        let last = self.open.values().find_map(|end| match end {
            End::Boot(last) => Some(*last),
            End::Ack | End::List | End::Verdict | End::Help => None,
        });
        if last.is_some_and(|last| line.starts_with(last)) {
            self.open.clear();
            self.last_cid = 0;
        }
        last.is_some()
    }

    fn help_begins(&mut self, line: &str) -> bool {
        let begins = self.expected.first() == Some(&End::Help) && line.starts_with(HELP_BEGINS);
        if begins {
            self.next();
            self.rows = Rows::Help;
        }
        begins
    }

    fn next(&mut self) -> Option<End> {
        (!self.expected.is_empty()).then(|| self.expected.remove(0))
    }
}

impl End {
    fn of(command: &str) -> Option<Self> {
        let verb: String = command
            .chars()
            .take_while(|c| *c != ',')
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_ascii_uppercase();
        let verb = verb.strip_prefix("NET").unwrap_or(&verb);
        match verb.trim_start_matches(':') {
            "" => None,
            "HELP" => Some(Self::Help),
            "SET" | "SETB64" => Some(Self::Verdict),
            "RESET" => Some(Self::Boot(AP_IS_UP)),
            "REBOOT" => Some(Self::Boot(IDENTITY)),
            "LIST" | "KNOWN" | "CLIENTS" | "EVENTS" | "QR" | "CONFIG" => Some(Self::List),
            _ => Some(Self::Ack),
        }
    }
}

/// The commands of a line: separated by `;` outside of quotes.
fn commands(line: &str) -> impl Iterator<Item = String> {
    let mut commands = vec![String::new()];
    let (mut quoted, mut escaped) = (false, false);
    for c in line.chars() {
        if c == ';' && !quoted {
            commands.push(String::new());
            continue;
        }
        match c {
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
        if let Some(last) = commands.last_mut() {
            last.push(c);
        }
    }
    commands.into_iter().map(|one| one.trim().to_owned())
}

/// The CID of a line, where it has one.
pub(super) fn cid(line: &str) -> Option<u32> {
    let (_, after) = line.split_once(" CID=")?;
    after.split(' ').next()?.parse().ok()
}

fn is_final_state(line: &str) -> bool {
    line.starts_with("CTRL: NET:CONNECTED ") || line.starts_with("CTRL: NET:AP_ACTIVE ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that come before the exchange is whole, those that belong to it, and whether it
    /// failed.
    fn check(sent: &str, output: &[&str], taken: usize, failed: bool) {
        let mut exchange = Exchange::of(sent, 0).expect("a reply");
        let mut belong = 0;
        let whole = output.iter().position(|line| {
            belong += usize::from(exchange.take(line));
            exchange.is_whole()
        });
        assert_eq!((whole.is_some(), belong), (true, taken), "{sent}");
        assert_eq!(exchange.failed(), failed, "{sent}");
    }

    #[test]
    fn an_acknowledgement_is_one_line() {
        check(
            "net: mode , sta",
            &["CTRL:ACK CID=1 mode=sta", "x"],
            1,
            false,
        );
        check("NET:FOO", &["CTRL:ERR CID=2 E01 BAD_CMD"], 1, true);
    }

    #[test]
    fn what_nobody_asked_for_is_passed_over() {
        let output = [
            "CTRL:READY Serial v1",
            "# the code",
            "CTRL: NET:AP_ACTIVE ssid=\"a\"",
            "CTRL:ACK CID=1 echo=on",
        ];
        check("NET:ECHO,on", &output, 1, false);
    }

    #[test]
    fn a_restart_ends_with_the_next_boot() {
        let output = [
            "CTRL:ACK CID=7 reset=1",
            "CTRL:READY Serial v1",
            "ID MAC=24:6F:28:56:78:9A",
            "# the code",
            "CTRL: NET:AP_ACTIVE ssid=\"a\"",
        ];
        check("NET:RESET", &output, 5, false);
        check("NET:REBOOT", &output, 3, false);
        check(
            "NET:RESET",
            &["CTRL:ERR CID=8 NET_BUSY_CONNECTING"],
            1,
            true,
        );
    }

    #[test]
    fn late_lines_of_an_earlier_command_are_no_reply_to_this_one() {
        let mut exchange = Exchange::of("NET:STATUS", 4).expect("a reply");
        assert!(exchange.take("CTRL:ERR CID=4 NET_CONNECT_FAILED wrong_password"));
        assert!(!exchange.is_whole());
        assert!(exchange.take("CTRL:ACK CID=5 state=CONNECTED"));
        assert!(exchange.is_whole() && exchange.failed());
    }

    #[test]
    fn credentials_end_with_a_state() {
        let ok = [
            "CTRL:ACK CID=4 connecting=1",
            "CTRL: NET:CONNECTING CID=4 ssid=\"h\"",
            "CTRL: NET:CONNECTED CID=4 ssid=\"h\"",
        ];
        check("NET:SET,h,password", &ok, 3, false);
        let failed = [
            "CTRL:ACK CID=5 connecting=1",
            "CTRL:ERR CID=5 NET_CONNECT_FAILED wrong_password",
            "CTRL: NET:AP_ACTIVE CID=5 ssid=\"a\"",
        ];
        check("NET SET,\"h;\",password", &failed, 3, true);
        check(
            "NET:SET,h,short",
            &["CTRL:ERR CID=6 NET_BAD_PARAM PASS_TOO_SHORT"],
            1,
            true,
        );
    }

    #[test]
    fn lists_end_with_their_end() {
        let scan = [
            "CTRL:ACK CID=1 scanning=1",
            "NET:LIST CID=1",
            "SSID=\"x\"",
            "NET:LIST CID=1 end=1",
        ];
        check("NET:LIST", &scan, 4, false);
        check(
            "NET:KNOWN",
            &["NET:KNOWN CID=1", "NET:KNOWN CID=1 end=0"],
            2,
            false,
        );
        check("HELP", &["", "HELP - x", "NET:STATUS", ""], 3, false);
        let failed = [
            "CTRL:ACK CID=1 scanning=1",
            "CTRL:ERR CID=1 NET_BUSY_CONNECTING scan_failed",
        ];
        check("NET:LIST", &failed, 2, true);
    }

    #[test]
    fn several_commands_are_several_replies() {
        let output = [
            "CTRL:ACK CID=1 a",
            "NET:KNOWN CID=2",
            "NET:KNOWN CID=2 end=0",
            "CTRL:ERR CID=3 E01",
        ];
        check("NET:STATUS; NET:KNOWN ;;x", &output, 4, true);
        assert!(Exchange::of("  ; ", 0).is_none());
    }
}
