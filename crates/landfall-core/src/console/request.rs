//! Typed requests from typed text: every field is checked here, and nowhere after.

use heapless::String;
use zeroize::Zeroize;

use super::editor::LINE_MAX;
use super::grammar::Fields;
use super::reply::Fault;
use super::table::{CommandSpec, Verb};
use crate::config::{self, CLAIM_MAX, Mode, Secret, URL_MAX};
use crate::net::{PassphraseError, Security, Ssid};

/// Letters of a claim code.
const CLAIM_LETTERS: usize = 25;

/// What a line asks, its fields checked.
#[derive(Debug)]
pub(super) enum Request {
    /// The table.
    Help,
    /// What networks there are: the machine is asked, and the rows come later.
    Scan,
    /// The machine is asked, and its answer waited for.
    Ask(Ask),
    /// The device is given a fleet server, and its answer waited for.
    SetFleet(FleetServer),
    /// The console answers by itself.
    Tell(Tell),
}

/// Where the fleet server is, and the claim for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetServer {
    /// Its URL; empty: there is none.
    pub url: String<URL_MAX>,
    /// The claim code; empty: an admin accepts the device.
    pub claim: Secret<CLAIM_MAX>,
}

/// What the machine is asked.
#[derive(Debug)]
pub(super) enum Ask {
    Join(Credentials),
    Add(Credentials),
    Remove(Ssid),
    Mode(Mode),
    Ap(Credentials),
    Reset,
    Reboot,
}

/// What the console answers by itself.
#[derive(Debug)]
pub(super) enum Tell {
    Status,
    Mode,
    Ap,
    Fleet,
    Jitter,
    Echo(bool),
    /// The code of the access point, to local doors.
    Qr,
    /// The list of that verb.
    List(Verb),
}

/// A network and how it lets in.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) ssid: Ssid,
    pub(super) security: Security,
}

impl Request {
    /// The request of that command with those fields.
    pub(super) fn new(spec: &CommandSpec, fields: &Fields) -> Result<Self, Fault> {
        if fields.misquoted() {
            return Err(Fault::BadField("quoting"));
        }
        if !spec.takes(fields.count()) {
            return Err(Fault::FieldCount);
        }
        let field = |n| fields.field(n).unwrap_or_default();
        let has_fields = fields.count() > 0;
        Ok(match spec.verb {
            Verb::Help => Self::Help,
            Verb::List => Self::Scan,
            Verb::Set => Self::Ask(Ask::Join(Credentials::new(field(0), field(1))?)),
            Verb::SetB64 => Self::Ask(Ask::Join(Credentials::from_base64(field(0), field(1))?)),
            Verb::Reset => Self::Ask(Ask::Reset),
            Verb::Add => Self::Ask(Ask::Add(Credentials::new(field(0), field(1))?)),
            Verb::Del => Self::Ask(Ask::Remove(ssid(field(0))?)),
            Verb::Mode if has_fields => Self::Ask(Ask::Mode(mode(field(0))?)),
            Verb::Ap if has_fields => Self::Ask(Ask::Ap(Credentials::new(field(0), field(1))?)),
            Verb::Reboot => Self::Ask(Ask::Reboot),
            Verb::Status => Self::Tell(Tell::Status),
            Verb::Mode => Self::Tell(Tell::Mode),
            Verb::Ap => Self::Tell(Tell::Ap),
            Verb::Fleet if has_fields => Self::SetFleet(fleet_server(field(0), field(1))?),
            Verb::Fleet => Self::Tell(Tell::Fleet),
            Verb::Jitter => Self::Tell(Tell::Jitter),
            Verb::Echo => Self::Tell(Tell::Echo(on_or_off(field(0))?)),
            Verb::Qr => Self::Tell(Tell::Qr),
            Verb::Known | Verb::Clients | Verb::Events | Verb::Config => {
                Self::Tell(Tell::List(spec.verb))
            }
        })
    }

    /// Whether the machine is asked, and has to be free for it.
    pub(super) fn asks_machine(&self) -> bool {
        match self {
            Self::Scan | Self::Ask(_) | Self::SetFleet(_) => true,
            Self::Help | Self::Tell(_) => false,
        }
    }
}

impl Credentials {
    fn new(name: &[u8], password: &[u8]) -> Result<Self, Fault> {
        Ok(Self {
            ssid: ssid(name)?,
            security: Security::from_password(password).map_err(|error| match error {
                PassphraseError::TooShort => Fault::BadField("PASS_TOO_SHORT"),
                PassphraseError::TooLong | PassphraseError::NotPrintable => Fault::BadField("pass"),
            })?,
        })
    }

    fn from_base64(name: &[u8], password: &[u8]) -> Result<Self, Fault> {
        // Decoded text is shorter than what it was decoded from.
        let (mut name_buffer, mut password_buffer) = ([0; LINE_MAX], [0; LINE_MAX]);
        let name = base64(name, &mut name_buffer).ok_or(Fault::BadField("ssid"))?;
        let credentials = match base64(password, &mut password_buffer) {
            Some(password) => Self::new(name, password),
            None => Err(Fault::BadField("pass")),
        };
        password_buffer.zeroize();
        credentials
    }
}

/// Decodes the standard alphabet (RFC 4648 §4); the padding may be left out.
fn base64<'b>(text: &[u8], buffer: &'b mut [u8]) -> Option<&'b [u8]> {
    let end = text.iter().rposition(|byte| *byte != b'=');
    let (text, padding) = text.split_at(end.map_or(0, |end| end + 1));
    if padding.len() > (4 - text.len() % 4) % 4 || text.len() % 4 == 1 {
        return None;
    }
    let (mut bits, mut count, mut len) = (0_u32, 0, 0);
    for character in text {
        bits = bits << 6 | base64_digit(*character)?;
        count += 6;
        if count >= 8 {
            count -= 8;
            *buffer.get_mut(len)? = (bits >> count) as u8;
            len += 1;
        }
    }
    // What is left of the last digit has to be 0, so that each text has one form.
    let rest = bits & ((1 << count) - 1);
    buffer.get(..len).filter(|_| rest == 0)
}

/// The six bits of a character.
fn base64_digit(character: u8) -> Option<u32> {
    Some(u32::from(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}

fn fleet_server(url: &[u8], claim: &[u8]) -> Result<FleetServer, Fault> {
    let url = str::from_utf8(url)
        .ok()
        .filter(|url| config::is_web_url(url));
    let url = url.and_then(|url| String::try_from(url).ok());
    let claim = str::from_utf8(claim).ok().filter(|claim| is_claim(claim));
    Ok(FleetServer {
        url: url.ok_or(Fault::BadField("url"))?,
        claim: claim
            .and_then(Secret::new)
            .ok_or(Fault::BadField("claim"))?,
    })
}

/// Whether that is the form of a claim code: 25 letters of base32, with dashes between them; or
/// nothing.
fn is_claim(text: &str) -> bool {
    let is_letter = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'2'..=b'7');
    let letters = text.bytes().filter(|b| *b != b'-');
    text.is_empty() || (letters.clone().count() == CLAIM_LETTERS && letters.clone().all(is_letter))
}

fn ssid(name: &[u8]) -> Result<Ssid, Fault> {
    Ssid::new(name).map_err(|_| Fault::BadField("ssid"))
}

fn mode(word: &[u8]) -> Result<Mode, Fault> {
    let mode = str::from_utf8(word).ok().and_then(Mode::parse);
    mode.ok_or(Fault::BadField("mode"))
}

fn on_or_off(word: &[u8]) -> Result<bool, Fault> {
    match word {
        b"on" => Ok(true),
        b"off" => Ok(false),
        _ => Err(Fault::BadField("echo")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::grammar::read;
    use expect_test::expect;
    use std::fmt::Write as _;
    use std::string::String;

    /// What each line asks, or why it is refused.
    fn check(lines: &str, expected: expect_test::Expect) {
        let mut seen = String::new();
        for line in lines.lines() {
            let written = read(line.trim().as_bytes());
            let request = CommandSpec::find(written.verb)
                .ok_or(Fault::UnknownVerb)
                .and_then(|spec| Request::new(spec, &written.fields));
            match request {
                Ok(request) => writeln!(seen, "{request:?}").unwrap(),
                Err(fault) => writeln!(seen, "{fault}").unwrap(),
            }
        }
        expected.assert_eq(&seen);
    }

    #[test]
    fn credentials() {
        check(
            r#"NET:SET,cafe
            NET:SET,cafe,
            net set,"My, Home","pass; word"
            NET:SET
            NET:SET,
            NET:SET,"",password
            NET:SET,a,b,c
            NET:SET,cafe,1234567
            NET:SET,cafe,"\x01234567890"
            NET:SET,cafe,"password
            NET:SET,123456789012345678901234567890123,password
            NET:ADD,caf\xE9,password
            NET:ADD,"caf\xE9",password
            NET:DEL
            NET:DEL,home
            NET:AP,Workshop
            NET:AP,Workshop,
            NET:AP,Workshop,password"#,
            expect![[r#"
                Ask(Join(Credentials { ssid: "cafe", security: Open }))
                Ask(Join(Credentials { ssid: "cafe", security: Open }))
                Ask(Join(Credentials { ssid: "My, Home", security: Personal(***) }))
                E03 BAD_PARAM fields
                NET_BAD_PARAM ssid
                NET_BAD_PARAM ssid
                E03 BAD_PARAM fields
                NET_BAD_PARAM PASS_TOO_SHORT
                NET_BAD_PARAM pass
                NET_BAD_PARAM quoting
                NET_BAD_PARAM ssid
                Ask(Add(Credentials { ssid: "caf\\xE9", security: Personal(***) }))
                Ask(Add(Credentials { ssid: "caf\xe9", security: Personal(***) }))
                E03 BAD_PARAM fields
                Ask(Remove("home"))
                E03 BAD_PARAM fields
                Ask(Ap(Credentials { ssid: "Workshop", security: Open }))
                Ask(Ap(Credentials { ssid: "Workshop", security: Personal(***) }))
            "#]],
        );
    }

    #[test]
    fn base64() {
        check(
            "NET:SETB64,Y2Fmw6k=,cGFzc3dvcmQ=
            NET:SETB64,Y2Fmw6k,cGFzc3dvcmQ
            NET:SETB64,Y2Fmw6k=
            NET:SETB64,Y2Fmw6k=,c2hvcnQ=
            NET:SETB64,*,cGFzc3dvcmQ=
            NET:SETB64,,cGFzc3dvcmQ=
            NET:SETB64,Y2Fmw6k=,*",
            expect![[r#"
                Ask(Join(Credentials { ssid: "caf\xc3\xa9", security: Personal(***) }))
                Ask(Join(Credentials { ssid: "caf\xc3\xa9", security: Personal(***) }))
                Ask(Join(Credentials { ssid: "caf\xc3\xa9", security: Open }))
                NET_BAD_PARAM PASS_TOO_SHORT
                NET_BAD_PARAM ssid
                NET_BAD_PARAM ssid
                NET_BAD_PARAM pass
            "#]],
        );
    }

    #[test]
    fn the_rest() {
        check(
            "NET:STATUS,x
            NET:FOO
            FOO
            NET:MODE
            NET:MODE,sta
            NET:MODE,7
            NET:ECHO
            NET:ECHO,on
            NET:ECHO,loud
            NET:FLEET
            NET:FLEET,https://fleet.example
            NET:FLEET,https://fleet.example,
            NET:FLEET,http://127.0.0.1:8000,landf-abcde-fghij-klmno-pqrst
            NET:FLEET,,
            NET:FLEET,fleet.example,
            NET:FLEET,ftp://fleet.example,
            NET:FLEET,https://fleet.example,CLAIM
            NET:FLEET,https://fleet.example,0123456789012345678901234567890123456789",
            expect![[r#"
                E03 BAD_PARAM fields
                E01 BAD_CMD
                E01 BAD_CMD
                Tell(Mode)
                Ask(Mode(Sta))
                NET_BAD_PARAM mode
                E03 BAD_PARAM fields
                Tell(Echo(true))
                NET_BAD_PARAM echo
                Tell(Fleet)
                E03 BAD_PARAM fields
                SetFleet(FleetServer { url: "https://fleet.example", claim: *** })
                SetFleet(FleetServer { url: "http://127.0.0.1:8000", claim: *** })
                SetFleet(FleetServer { url: "", claim: *** })
                NET_BAD_PARAM url
                NET_BAD_PARAM url
                NET_BAD_PARAM claim
                NET_BAD_PARAM claim
            "#]],
        );
    }
}
