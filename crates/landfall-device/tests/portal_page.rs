//! The built page: its size on the wire, and that its policy lets in exactly what is in it.

use std::io::Read as _;

use base64ct::{Base64, Encoding as _};
use expect_test::{Expect, expect};
use landfall_core::command::Verdict;
use landfall_core::radio::FailureClass;
use landfall_device::portal::{
    CONTENT_SECURITY_POLICY, PAGE, PAGE_BYTES_MAX, SCRIPT_HASH, STYLE_HASH,
};
use sha2::{Digest as _, Sha256};

#[path = "../build/minify.rs"]
mod minify;

fn page() -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(PAGE)
        .read_to_string(&mut text)
        .expect("the page is gzip and UTF-8");
    text
}

/// What stands between the tags of the one element called `name`.
fn element(name: &str) -> String {
    let page = page();
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    assert_eq!(
        (page.matches(&open).count(), page.matches(&close).count()),
        (1, 1),
        "one {name}"
    );
    let after = page.split_once(&open).expect("counted above").1;
    after
        .split_once(&close)
        .expect("counted above")
        .0
        .to_owned()
}

#[test]
fn size_on_the_wire() {
    assert!(PAGE.len() <= PAGE_BYTES_MAX);
    let measured = format!("{} bytes, {} unpacked", PAGE.len(), page().len());
    expect!["3620 bytes, 7832 unpacked"].assert_eq(&measured);
}

#[test]
fn policy_hashes_are_those_of_the_page() {
    let hash = |name| {
        format!(
            "'sha256-{}'",
            Base64::encode_string(&Sha256::digest(element(name).as_bytes()))
        )
    };
    assert_eq!(
        (hash("style"), hash("script")),
        (STYLE_HASH.to_owned(), SCRIPT_HASH.to_owned())
    );
    let policy = CONTENT_SECURITY_POLICY
        .replace(STYLE_HASH, "STYLE")
        .replace(SCRIPT_HASH, "SCRIPT");
    expect!["default-src 'none'; style-src STYLE; script-src SCRIPT; connect-src 'self'; form-action 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'"].assert_eq(&policy);
}

#[test]
fn nothing_is_fetched_from_elsewhere() {
    let page = page();
    for reference in ["src=", "url(", "@import", " on", "style=\""] {
        let markup = page.replace(&element("script"), "");
        assert!(!markup.contains(reference), "{reference} in the page");
    }
}

/// What a door may answer is said in words; what is missing here would reach a phone as a code.
#[test]
fn every_outcome_has_words() {
    let classes = [
        FailureClass::WrongPassword,
        FailureClass::NotFound,
        FailureClass::SecurityMismatch,
        FailureClass::WeakSignal,
        FailureClass::ApFull,
        FailureClass::ApComeback,
        FailureClass::NoAddress,
        FailureClass::Transient,
        FailureClass::OwnDoing,
    ];
    let verdicts = classes.map(|class| Verdict::Failed(class).name());
    let others = [
        Verdict::Interrupted.name(),
        Verdict::SaveFailed.name(),
        "busy",
    ];
    let refusals = [
        "list-full",
        "invalid-ssid",
        "pass-too-short",
        "invalid-pass",
        "persist-failed",
    ];
    let quoted = refusals.map(|refusal| format!("'{refusal}'"));
    let script = element("script");
    for outcome in verdicts
        .into_iter()
        .chain(others)
        .chain(quoted.iter().map(String::as_str))
    {
        assert!(
            script.contains(&format!("{outcome}:'")),
            "no words for {outcome}"
        );
    }
}

fn check(minify: fn(&str) -> String, source: &str, expected: Expect) {
    expected.assert_eq(&minify(source));
}

#[test]
fn script_keeps_its_meaning() {
    // Comments and space go, quoted text stays, `++` is no two plusses.
    check(
        minify::script,
        "// why\nlet a = 'b  // c';\na++;\n",
        expect!["let b='b  // c';b++;"],
    );
    check(
        minify::script,
        "typeof a; x = 1 + +y; z = '\\'  ';",
        expect![[r#"typeof a;x=1+ +y;z='\'  ';"#]],
    );
    // Own names become short, those of members stay, also where one word is both.
    check(
        minify::script,
        "const send = (body) => { const {pass} = body; return {pass, body: body.send}; };",
        expect!["const a=(b)=>{const{pass}=b;return{pass,body:b.send}};"],
    );
    check(
        minify::script,
        "const [first, second] = f(third => third ? first : second);",
        expect!["const[a,b]=f(third=>third?a:b);"],
    );
    check(
        minify::script,
        "try { go(); } catch (problem) { tell(problem); }",
        expect!["try{go()}catch(a){tell(a)}"],
    );
    // A letter that the script uses by itself is not given away.
    check(minify::script, "let long = a + b;", expect!["let c=a+b;"]);
}

#[test]
fn style_keeps_its_meaning() {
    check(
        minify::style,
        "/* why */\na b,\na > c {\n  margin: 0 auto;\n}\n",
        expect!["a b,a>c{margin:0 auto}"],
    );
    check(
        minify::style,
        "p :hover { width: calc(1px + 2px); }",
        expect!["p :hover{width:calc(1px + 2px)}"],
    );
}

#[test]
fn markup_keeps_its_meaning() {
    check(
        minify::markup,
        "<!-- why -->\n<p id=\"a\">\n  x y\n</p>",
        expect!["<p id=a>x y</p>"],
    );
    check(
        minify::markup,
        "<a href=\"/\" title=\"two words\" alt=\"\">",
        expect![[r#"<a href=/ title="two words" alt="">"#]],
    );
}
