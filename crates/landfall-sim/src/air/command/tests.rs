//! What is a command, and what is said to what is none.

use alloc::string::String;

use expect_test::{Expect, expect};

use super::*;

fn check(lines: &[&str], expect: Expect) {
    let mut seen = String::new();
    for line in lines {
        seen += &match Command::parse(line) {
            Ok(command) => format!("{line} -> {command:?}\n"),
            Err(CommandError::Unknown) => format!("{line} -> unknown\n"),
            Err(error) => format!("{line} -> error: {error}\n"),
        };
    }
    expect.assert_eq(&seen);
}

#[test]
fn every_command_is_read() {
    check(
        &[
            "ap home off",
            "ap home on",
            "ap home password Password3",
            "ap home rssi -60",
            "ap home dhcp off",
            "ap home dhcp on",
            "ap home deauth",
            "ap home comeback 1100",
            "ap home channel 11",
            "phone join Landfall-56789A secret-12",
            "phone join cafe",
            "phone leave",
            "add more.toml",
            "flash fail",
            "flash ok",
            "button 5000",
            "led",
            "log",
            "list",
            r#"["ap","My \"Home\"","off"]"#,
            r#"["ap home off"]"#,
            r#"["ap","home","password",""]"#,
        ],
        expect![[r#"
            ap home off -> Air(Ap("home", On(false)))
            ap home on -> Air(Ap("home", On(true)))
            ap home password Password3 -> Air(Ap("home", Password(Personal(***))))
            ap home rssi -60 -> Air(Ap("home", Rssi(-60)))
            ap home dhcp off -> Air(Ap("home", Dhcp(false)))
            ap home dhcp on -> Air(Ap("home", Dhcp(true)))
            ap home deauth -> Air(Ap("home", Deauth))
            ap home comeback 1100 -> Air(Ap("home", Comeback(1100)))
            ap home channel 11 -> Air(Ap("home", Channel(Channel(11))))
            phone join Landfall-56789A secret-12 -> Air(PhoneJoin { ssid: "Landfall-56789A", password: Personal(***) })
            phone join cafe -> Air(PhoneJoin { ssid: "cafe", password: Open })
            phone leave -> Air(PhoneLeave)
            add more.toml -> Host(Add("more.toml"))
            flash fail -> Host(FlashFails(true))
            flash ok -> Host(FlashFails(false))
            button 5000 -> Host(Button(5000))
            led -> Host(Led)
            log -> Air(Log)
            list -> Air(List)
            ["ap","My \"Home\"","off"] -> Air(Ap("My \"Home\"", On(false)))
            ["ap home off"] -> Air(Ap("home", On(false)))
            ["ap","home","password",""] -> Air(Ap("home", Password(Open)))
        "#]],
    );
}

#[test]
fn what_is_no_command_says_what_is_allowed() {
    check(
        &[
            "",
            "[1]",
            "ap",
            "ap home",
            "ap home up",
            "ap home password short",
            "ap home rssi 1",
            "ap home rssi loud",
            "ap home dhcp maybe",
            "ap home channel 15",
            "phone join",
            "flash",
            "button 600001",
            "button -1",
            "led now",
        ],
        expect![[r#"
             -> unknown
            [1] -> error: the command is no JSON array of words
            ap -> unknown
            ap home -> unknown
            ap home up -> unknown
            ap home password short -> error: allowed is a password of 8 to 63 printable ASCII characters, 64 hexadecimal digits, or "" for open
            ap home rssi 1 -> error: allowed is a strength of -127 to 0 dBm
            ap home rssi loud -> error: allowed is a strength of -127 to 0 dBm
            ap home dhcp maybe -> error: allowed is on or off
            ap home channel 15 -> error: allowed is a channel from 1 to 14
            phone join -> unknown
            flash -> unknown
            button 600001 -> error: allowed is 0 to 600000 milliseconds
            button -1 -> error: allowed is 0 to 600000 milliseconds
            led now -> unknown
        "#]],
    );
    let long = "x".repeat(LINE_MAX + 1);
    assert_eq!(Command::parse(&long), Err(CommandError::TooLong));
}

#[test]
fn words_survive_the_wire() {
    let words = ["phone", "join", "a b\n\"]", "12345678"];
    assert_eq!(
        Command::parse(&line_of(&words)),
        Command::from_words(&words)
    );
}
