//! Documents as lines: what is JSON comes back, what is not is named with its place.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::format;
use std::string::{String, ToString};

use super::*;

/// One line per document: what it is without its spaces, or what is wrong with it.
fn check(documents: &[&[u8]], expected: Expect) {
    let lines: String = documents
        .iter()
        .map(|document| match parse(document) {
            Ok(value) => format!("{:?} {value}\n", value.kind()),
            Err(error) => format!("{error}\n"),
        })
        .collect();
    expected.assert_eq(&lines);
}

#[test]
fn right_documents_of_every_kind() {
    check(
        &[
            b"null",
            b" true ",
            b"-0.5e+10",
            br#""a\"b""#,
            b"[ ]",
            b"\xef\xbb\xbf{ \"a\" : [ 1 , { } ] ,\r\n\t\"b c\" : \"d , e\" }\n",
            b"[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
        ],
        expect![[r#"
            Null null
            Bool true
            Number -0.5e+10
            String "a\"b"
            Array []
            Object {"a":[1,{}],"b c":"d , e"}
            Array [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]
        "#]],
    );
}

#[test]
fn wrong_documents_say_where() {
    check(
        &[
            b"",
            b"{",
            b"[1,]",
            b"{\"a\":1,\n}",
            b"{\"a\" 1}",
            b"{\"a\":\n  nul}",
            b"[1 2]",
            b"{\"a\":1 \"b\":2}",
            b"{} x",
            b"\"a\nb\"",
            b"\"\\x\"",
            b"\"\\u12g4\"",
            b"01",
            b"-",
            b"1.",
            b"1e",
            b"+1",
            b"'a'",
            b"{a:1}",
            b"NaN",
            b"[\"\xc3\xa4\xc3\xa4\", x]",
            b"[\"\xff\"]",
            b"111111111111111111111111111111111",
            b"[[[[[[[[[[[[[[[[[",
        ],
        expect![[r#"
            line 1 column 1: unexpected end
            line 1 column 2: unexpected end
            line 1 column 4: expected a value
            line 2 column 1: expected a name in double quotes
            line 1 column 6: expected ':'
            line 2 column 3: expected a value
            line 1 column 4: expected ',' or ']'
            line 1 column 8: expected ',' or '}'
            line 1 column 4: expected nothing more
            line 1 column 3: control character in a string
            line 1 column 3: unknown escape in a string
            line 1 column 6: unknown escape in a string
            line 1 column 2: malformed number
            line 1 column 2: unexpected end
            line 1 column 3: unexpected end
            line 1 column 3: unexpected end
            line 1 column 1: expected a value
            line 1 column 1: expected a value
            line 1 column 2: expected a name in double quotes
            line 1 column 1: expected a value
            line 1 column 8: expected a value
            line 1 column 3: not UTF-8
            line 1 column 1: number of more than 32 characters
            line 1 column 17: nested deeper than 16
        "#]],
    );
}

#[test]
fn escapes_become_characters() {
    let decode = |json: &str| {
        let value = parse(json.as_bytes()).unwrap();
        value.as_text().unwrap().decode::<16>()
    };
    assert_eq!(
        decode(r#""\"\\\/\b\f\n\r\t""#).unwrap(),
        "\"\\/\u{8}\u{c}\n\r\t"
    );
    assert_eq!(decode(r#""\u2019\uD83D\uDE00""#).unwrap(), "’😀");
    for lone in [
        r#""\ud83d""#,
        r#""\ude00""#,
        r#""\ud83d\ud83d""#,
        r#""\ud83dx""#,
    ] {
        assert_eq!(decode(lone), Err(TextError::LoneSurrogate), "{lone}");
    }
    assert_eq!(decode(r#""0123456789abcdef""#).unwrap().len(), 16);
    assert_eq!(decode(r#""0123456789abcdefg""#), Err(TextError::TooLong));
}

#[test]
fn members_are_found_by_name_however_it_is_escaped() {
    let root = parse(br#"{"a": 1, "\u0062": [true, "x]", {"c": null}], "a": 2}"#).unwrap();
    assert_eq!(root.member("a").and_then(Value::as_int), Some(2));
    let elements: std::vec::Vec<_> = root
        .member("b")
        .unwrap()
        .elements()
        .map(Value::raw)
        .collect();
    assert_eq!(elements, ["true", "\"x]\"", "{\"c\": null}"]);
    assert_eq!(root.member("d"), None);
    assert_eq!(root.elements().count(), 0);
}

#[test]
fn whole_numbers_alone_are_integers() {
    let int = |json: &str| parse(json.as_bytes()).unwrap().as_int();
    assert_eq!(int("-7"), Some(-7));
    for other in ["1.0", "1e3", "99999999999999999999", "\"1\"", "true"] {
        assert_eq!(int(other), None, "{other}");
    }
}

#[test]
fn bytes_that_are_no_text_show_as_replacement_characters() {
    assert_eq!(
        JsonBytes(b"a\xff\xc3\"\x01").to_string(),
        "\"a\u{fffd}\u{fffd}\\\"\\u0001\""
    );
}

proptest! {
    #[test]
    fn any_bytes_are_judged_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = parse(&bytes);
    }

    /// serde_json is the referee, where our bounds on depth and numbers do not bite.
    #[test]
    fn what_serde_json_takes_is_taken(text in r#"[\[\]{}",:\\ u0-9a-f.eE+\-]{0,24}|(true|null|,|\[|\]|\{|\}|"a"|:|1|-2.5){0,12}"#) {
        let theirs = serde_json::from_str::<&serde_json::value::RawValue>(&text);
        prop_assert_eq!(parse(text.as_bytes()).is_ok(), theirs.is_ok(), "{}", text);
    }

    #[test]
    fn what_is_written_is_read_back(text: String) {
        let json = JsonStr(&text).to_string();
        let mut back = String::new();
        parse(json.as_bytes()).unwrap().as_text().unwrap().write_to(&mut back).unwrap();
        prop_assert_eq!(back, text);
    }
}
