//! Forms as browsers send them without script (`application/x-www-form-urlencoded`, WHATWG URL §5).

use zeroize::Zeroizing;

/// Room for one decoded value: more than any field of ours holds.
pub(crate) const FORM_VALUE_MAX: usize = 96;

/// The decoded value of the first field of that name. Zeroed on drop: it may be a key.
pub(crate) struct FormValue {
    room: Zeroizing<[u8; FORM_VALUE_MAX]>,
    len: usize,
}

impl FormValue {
    /// The bytes; cut at [`FORM_VALUE_MAX`], which is longer than what any field takes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.room[..self.len]
    }
}

/// Looks for a field.
pub(crate) fn value(form: &[u8], name: &str) -> Option<FormValue> {
    form.split(|b| *b == b'&').find_map(|pair| {
        let at = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
        let (key, rest) = pair.split_at(at);
        (key == name.as_bytes()).then(|| decode(rest.get(1..).unwrap_or_default()))
    })
}

fn decode(mut text: &[u8]) -> FormValue {
    let mut out = FormValue {
        room: Zeroizing::new([0; FORM_VALUE_MAX]),
        len: 0,
    };
    while let ([first, rest @ ..], Some(slot)) = (text, out.room.get_mut(out.len)) {
        (*slot, text) = match (first, rest) {
            (b'+', _) => (b' ', rest),
            (b'%', [high, low, after @ ..]) => match hex_pair(*high, *low) {
                Some(byte) => (byte, after),
                // A stray percent sign is itself.
                None => (b'%', rest),
            },
            (byte, _) => (*byte, rest),
        };
        out.len += 1;
    }
    out
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |b: u8| char::from(b).to_digit(16);
    Some((digit(high)? << 4 | digit(low)?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_byte_by_byte() {
        let form = b"ssid=caf%C3%A9+%22x%22%ff%4&pass=&odd";
        let get = |name| value(form, name).map(|v| v.bytes().to_vec());
        assert_eq!(get("ssid").unwrap(), b"caf\xc3\xa9 \"x\"\xff%4");
        assert_eq!(get("pass").unwrap(), b"");
        assert_eq!(get("odd").unwrap(), b"");
        assert_eq!(get("none"), None);
        let long = [b'a'; 200];
        let form = [b"x=", &long[..]].concat();
        assert_eq!(value(&form, "x").unwrap().bytes().len(), FORM_VALUE_MAX);
    }
}
