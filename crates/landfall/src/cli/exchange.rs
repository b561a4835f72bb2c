//! When a console line has had all its replies: what a pipe waits for before it sends the next.

use std::collections::BTreeSet;

/// Follows the replies to one line, which may hold several commands.
#[derive(Debug)]
pub(super) struct Exchange {
    /// For each command that is not replied to yet, in order, what ends it.
    expected: Vec<End>,
    /// Commands whose last line is still to come.
    open: BTreeSet<String>,
    failed: bool,
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
}

impl Exchange {
    /// The replies that this line will get; none where it gets none.
    pub(super) fn of(line: &str) -> Option<Self> {
        let expected: Vec<End> = commands(line).filter_map(|one| End::of(&one)).collect();
        (!expected.is_empty()).then_some(Self {
            expected,
            open: BTreeSet::new(),
            failed: false,
        })
    }

    /// Takes one line of output; true when all replies are there.
    pub(super) fn take(&mut self, line: &str) -> bool {
        if self.expected.first() == Some(&End::Help) {
            if line.is_empty() {
                self.expected.remove(0);
            }
        } else if let Some(cid) = cid(line) {
            self.take_reply(line, cid);
        }
        self.expected.is_empty() && self.open.is_empty()
    }

    /// Whether a command was refused or failed.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    fn take_reply(&mut self, line: &str, cid: &str) {
        if self.open.contains(cid) {
            let ended = line.contains(" end=") || is_final_state(line);
            self.failed |= line.starts_with("CTRL:ERR ");
            if ended {
                self.open.remove(cid);
            }
            return;
        }
        if line.starts_with("CTRL:ERR ") {
            self.failed = true;
            self.next();
        } else if line.starts_with("CTRL:ACK ") {
            if let Some(End::List | End::Verdict) = self.next() {
                self.open.insert(cid.to_owned());
            }
        } else if line.starts_with("NET:") && self.next().is_some() && !line.contains(" end=") {
            self.open.insert(cid.to_owned());
        }
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
fn cid(line: &str) -> Option<&str> {
    let (_, after) = line.split_once(" CID=")?;
    after.split(' ').next()
}

fn is_final_state(line: &str) -> bool {
    line.starts_with("CTRL: NET:CONNECTED ") || line.starts_with("CTRL: NET:AP_ACTIVE ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that are taken before the exchange is whole, and whether it failed.
    fn check(sent: &str, output: &[&str], taken: usize, failed: bool) {
        let mut exchange = Exchange::of(sent).expect("a reply");
        let whole = output.iter().position(|line| exchange.take(line));
        assert_eq!(whole.map(|at| at + 1), Some(taken), "{sent}");
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
        let output = ["CTRL: NET:AP_ACTIVE ssid=\"a\"", "CTRL:ACK CID=1 echo=on"];
        check("NET:ECHO,on", &output, 2, false);
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
        check("HELP", &["HELP", "NET:STATUS", ""], 3, false);
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
        assert!(Exchange::of("  ; ").is_none());
    }
}
