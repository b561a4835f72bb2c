//! Bytes as text, in the ways of the hostap project.

/// Undoes `printf_encode`: `\"`, `\\`, `\e`, `\n`, `\r`, `\t` and `\xHH`. What is no escape stands for
/// itself.
pub fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let (decoded, len) = match (byte, after) {
            (b'\\', [b'x', high, low, ..]) => match (nibble(*high), nibble(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 4),
                _ => (b'\\', 1),
            },
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [b'r', ..]) => (b'\r', 2),
            (b'\\', [b't', ..]) => (b'\t', 2),
            (b'\\', [b'e', ..]) => (0x1b, 2),
            (b'\\', [same @ (b'"' | b'\\'), ..]) => (*same, 2),
            (byte, _) => (*byte, 1),
        };
        bytes.push(decoded);
        rest = &rest[len..];
    }
    bytes
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// Bytes as lower hexadecimal digits: what both programs take for any name.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An event's line without the `<level>` that may stand before it.
pub fn without_level(line: &str) -> &str {
    match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((_, rest)) => rest,
        None => line,
    }
}

/// The value of `key=value` among the words of a line.
pub fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.split(' ')
        .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
}

/// The value of `key=value` among lines.
pub fn line<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded() {
        let check = |text: &str, bytes: &[u8]| assert_eq!(decode(text), bytes, "{text}");
        check("home", b"home");
        check(r"Caf\xc3\xa9", "Café".as_bytes());
        check(r#"a\"b\\c"#, br#"a"b\c"#);
        check(r"\x00\n\r\t\e", b"\0\n\r\t\x1b");
        check(r"\xzz\", br"\xzz\");
    }

    #[test]
    fn values_are_found() {
        let said = "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:01:00 reason=15";
        assert_eq!(value(said, "reason"), Some("15"));
        assert_eq!(value(said, "locally_generated"), None);
        assert_eq!(
            line("bssid=02:00:00:00:01:00\nfreq=2437\n", "freq"),
            Some("2437")
        );
    }
}
