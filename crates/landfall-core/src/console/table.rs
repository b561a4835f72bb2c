//! The commands, in one table: parser, `HELP` and the listing of the documentation are made of it.

use core::fmt;

use super::grammar::is_verb;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described in the table below")]
pub enum Verb {
    Help,
    Status,
    Set,
    Reset,
    List,
    Known,
    Add,
    Del,
    Mode,
    Ap,
    Clients,
    Events,
    Qr,
    Config,
    SetB64,
    Fleet,
    Jitter,
    Echo,
    Reboot,
}

/// One command of the table.
#[derive(Clone, Copy, Debug)]
pub struct CommandSpec {
    /// What is asked.
    pub verb: Verb,
    /// How it is written.
    pub name: &'static str,
    /// Its fields, each with its comma. What stands between brackets is there as a whole or not
    /// at all: `,<ssid>[,<pass>]` takes one field or two.
    pub fields: &'static str,
    /// What it does.
    pub help: &'static str,
    /// A line that works.
    pub example: &'static str,
    /// When it is refused as busy. That is said before the fields are looked at.
    pub busy: Busy,
}

/// When a command is refused because of what the machine is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// Never.
    Never,
    /// With fields, while credentials are proved: nothing else is stored meanwhile.
    Proving,
    /// While credentials are proved or the first round runs.
    Always,
}

impl CommandSpec {
    /// The command that is typed so.
    pub fn find(typed: &[u8]) -> Option<&'static Self> {
        COMMANDS.iter().find(|spec| is_verb(typed, spec.name))
    }

    /// The command of that verb.
    pub fn of(verb: Verb) -> &'static Self {
        // The table is in the order of the verbs (tested).
        &COMMANDS[verb as usize]
    }

    /// Whether it takes that many fields.
    pub fn takes(&self, count: u8) -> bool {
        let (mut fewest, mut most, mut is_optional) = (0, 0, false);
        for byte in self.fields.bytes() {
            is_optional |= byte == b'[';
            most += u8::from(byte == b',');
            fewest += u8::from(byte == b',' && !is_optional);
        }
        count == fewest || count == most
    }
}

/// A line of `HELP`: `NET:SET,<ssid>[,<pass>] - join a network …`.
impl fmt::Display for CommandSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{} - {}", self.name, self.fields, self.help)
    }
}

/// Writes the table for the documentation, in Markdown.
pub fn write_markdown(out: &mut dyn fmt::Write) -> fmt::Result {
    out.write_str("| command | does | example |\n|---|---|---|\n")?;
    for spec in &COMMANDS {
        write!(out, "| `{}", spec.name)?;
        for part in spec.fields.split_inclusive('|') {
            match part.strip_suffix('|') {
                Some(before) => write!(out, "{before}\\|")?,
                None => out.write_str(part)?,
            }
        }
        writeln!(out, "` | {} | `{}` |", spec.help, spec.example)?;
    }
    Ok(())
}

/// All commands, in the order of [`Verb`].
pub static COMMANDS: [CommandSpec; 19] = [
    CommandSpec {
        verb: Verb::Help,
        name: "HELP",
        fields: "",
        help: "list the commands",
        example: "HELP",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::Status,
        name: "NET:STATUS",
        fields: "",
        help: "tell how the device stands",
        example: "NET:STATUS",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::Set,
        name: "NET:SET",
        fields: ",<ssid>[,<pass>]",
        help: "try a network, keep it once it gave an address; without a password it is open",
        example: r#"NET:SET,"My, Home","pass; word""#,
        busy: Busy::Always,
    },
    CommandSpec {
        verb: Verb::Reset,
        name: "NET:RESET",
        fields: "",
        help: "forget all networks and restart into the access point",
        example: "NET:RESET",
        busy: Busy::Always,
    },
    CommandSpec {
        verb: Verb::List,
        name: "NET:LIST",
        fields: "",
        help: "scan, and list the networks heard, strongest first (while the access point is up)",
        example: "NET:LIST",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::Known,
        name: "NET:KNOWN",
        fields: "",
        help: "list the known networks, most preferred first",
        example: "NET:KNOWN",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::Add,
        name: "NET:ADD",
        fields: ",<ssid>[,<pass>]",
        help: "add a network behind the others, or change the password of a known one",
        example: "NET:ADD,office,correct horse",
        busy: Busy::Proving,
    },
    CommandSpec {
        verb: Verb::Del,
        name: "NET:DEL",
        fields: ",<ssid>",
        help: "forget a network",
        example: "NET:DEL,office",
        busy: Busy::Proving,
    },
    CommandSpec {
        verb: Verb::Mode,
        name: "NET:MODE",
        fields: "[,off|sta|ap|sta_ap]",
        help: "tell or set which interfaces may be used",
        example: "NET:MODE,sta_ap",
        busy: Busy::Proving,
    },
    CommandSpec {
        verb: Verb::Ap,
        name: "NET:AP",
        fields: "[,<ssid>,<pass>]",
        help: "tell or set the access point; an empty password opens it",
        example: "NET:AP,Workshop,correct horse",
        busy: Busy::Proving,
    },
    CommandSpec {
        verb: Verb::Clients,
        name: "NET:CLIENTS",
        fields: "",
        help: "list the clients of the access point",
        example: "NET:CLIENTS",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::Events,
        name: "NET:EVENTS",
        fields: "",
        help: "list the last events, oldest first",
        example: "NET:EVENTS",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::Qr,
        name: "NET:QR",
        fields: "",
        help: "draw the code that takes a phone onto the access point (local consoles only)",
        example: "NET:QR",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::Config,
        name: "NET:CONFIG",
        fields: "",
        help: "print the configuration as JSON, secrets masked",
        example: "NET:CONFIG",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::SetB64,
        name: "NET:SETB64",
        fields: ",<b64 ssid>[,<b64 pass>]",
        help: "as NET:SET, its fields in base64",
        example: "NET:SETB64,Y2Fmw6k=,cGFzc3dvcmQ=",
        busy: Busy::Always,
    },
    CommandSpec {
        verb: Verb::Fleet,
        name: "NET:FLEET",
        fields: "[,<url>,<claim>]",
        help: "tell or set the fleet server",
        example: "NET:FLEET",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::Jitter,
        name: "NET:JITTER",
        fields: "",
        help: "tell the step jitter in microseconds (chips only)",
        example: "NET:JITTER",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::Echo,
        name: "NET:ECHO",
        fields: ",on|off",
        help: "echo what is typed, until the restart",
        example: "NET:ECHO,on",
        busy: Busy::Never,
    },
    CommandSpec {
        verb: Verb::Reboot,
        name: "NET:REBOOT",
        fields: "",
        help: "restart",
        example: "NET:REBOOT",
        busy: Busy::Never,
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::grammar::{FIELDS_MAX, read};

    #[test]
    fn the_table_is_in_the_order_of_the_verbs_and_its_examples_work() {
        for (n, spec) in COMMANDS.iter().enumerate() {
            assert_eq!(spec.verb as usize, n, "{}", spec.name);
            let example = read(spec.example.as_bytes());
            assert_eq!(
                CommandSpec::find(example.verb).map(|s| s.verb),
                Some(spec.verb)
            );
            assert!(spec.takes(example.fields.count()), "{}", spec.example);
            assert!(!spec.takes(FIELDS_MAX as u8 + 1), "{}", spec.name);
        }
    }

    #[test]
    fn optional_fields_come_together() {
        let counts = |verb| (0..4).map(move |n| u8::from(CommandSpec::of(verb).takes(n)));
        assert!(counts(Verb::Set).eq([0, 1, 1, 0]));
        assert!(counts(Verb::Ap).eq([1, 0, 1, 0]));
        assert!(counts(Verb::Status).eq([1, 0, 0, 0]));
    }

    #[test]
    fn markdown() {
        let mut text = std::string::String::new();
        write_markdown(&mut text).unwrap();
        expect_test::expect![[r#"
            | command | does | example |
            |---|---|---|
            | `HELP` | list the commands | `HELP` |
            | `NET:STATUS` | tell how the device stands | `NET:STATUS` |
            | `NET:SET,<ssid>[,<pass>]` | try a network, keep it once it gave an address; without a password it is open | `NET:SET,"My, Home","pass; word"` |
            | `NET:RESET` | forget all networks and restart into the access point | `NET:RESET` |
            | `NET:LIST` | scan, and list the networks heard, strongest first (while the access point is up) | `NET:LIST` |
            | `NET:KNOWN` | list the known networks, most preferred first | `NET:KNOWN` |
            | `NET:ADD,<ssid>[,<pass>]` | add a network behind the others, or change the password of a known one | `NET:ADD,office,correct horse` |
            | `NET:DEL,<ssid>` | forget a network | `NET:DEL,office` |
            | `NET:MODE[,off\|sta\|ap\|sta_ap]` | tell or set which interfaces may be used | `NET:MODE,sta_ap` |
            | `NET:AP[,<ssid>,<pass>]` | tell or set the access point; an empty password opens it | `NET:AP,Workshop,correct horse` |
            | `NET:CLIENTS` | list the clients of the access point | `NET:CLIENTS` |
            | `NET:EVENTS` | list the last events, oldest first | `NET:EVENTS` |
            | `NET:QR` | draw the code that takes a phone onto the access point (local consoles only) | `NET:QR` |
            | `NET:CONFIG` | print the configuration as JSON, secrets masked | `NET:CONFIG` |
            | `NET:SETB64,<b64 ssid>[,<b64 pass>]` | as NET:SET, its fields in base64 | `NET:SETB64,Y2Fmw6k=,cGFzc3dvcmQ=` |
            | `NET:FLEET[,<url>,<claim>]` | tell or set the fleet server | `NET:FLEET` |
            | `NET:JITTER` | tell the step jitter in microseconds (chips only) | `NET:JITTER` |
            | `NET:ECHO,on\|off` | echo what is typed, until the restart | `NET:ECHO,on` |
            | `NET:REBOOT` | restart | `NET:REBOOT` |
        "#]].assert_eq(&text);
    }
}
