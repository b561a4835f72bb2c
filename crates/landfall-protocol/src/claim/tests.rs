//! Known answers, made by another implementation (Python's `hmac`), and what no claim is.

use std::format;

use super::*;

fn claim() -> Claim {
    Claim::of_parts("LANDF", "ABCDEFGHIJKLMNOPQRST").unwrap()
}

fn id() -> HardwareId {
    HardwareId::parse("lf-246f2856789a").unwrap()
}

const DEVICE: &str = "000102030405060708090a0b0c0d0e0f";
const SERVER: &str = "101112131415161718191a1b1c1d1e1f";

fn nonces() -> (Nonce, Nonce) {
    (Nonce::parse(DEVICE).unwrap(), Nonce::parse(SERVER).unwrap())
}

#[test]
fn proofs_and_key() {
    let (device, server) = nonces();
    assert_eq!(device.to_hex().as_str(), DEVICE);
    let asked = claim().enroll_proof(&id(), device);
    assert_eq!(
        asked.to_hex().as_str(),
        "94a09d9d83e6e7d985387eeffafd01d7e94c4917a1738d55983a40991a5ba615"
    );
    assert!(claim().is_enroll_proof(&id(), device, &asked));
    assert!(!claim().is_enroll_proof(&id(), server, &asked));
    let answered = claim().accept_proof(&id(), device, server);
    assert_eq!(
        answered.to_hex().as_str(),
        "6777bae1b44d2139951dd9fb029c85828806412324e14d1649d8c348075865e1"
    );
    assert!(claim().is_accept_proof(&id(), device, server, &answered));
    assert!(!claim().is_accept_proof(&id(), server, device, &answered));
    assert!(!claim().is_accept_proof(&id(), device, server, &asked));
    let key = claim().derive_key(&id(), device, server);
    assert_eq!(
        key.to_hex().as_str(),
        "ea7d9b1b005fea3db6129943be9d89c7a6ee88e51f5b79988f7a5c9ddd3abd91"
    );
}

#[test]
fn as_people_read_and_type_it() {
    let text = "LANDF-ABCDE-FGHIJ-KLMNO-PQRST";
    assert_eq!(claim().text().as_str(), text);
    for typed in [
        text,
        "landf-abcde-fghij-klmno-pqrst",
        "LANDFABCDEFGHIJKLMNOPQRST",
        " LANDF ABCDE FGHIJ KLMNO PQRST ",
    ] {
        let claim = Claim::parse(typed).unwrap();
        assert_eq!(claim.id(), "LANDF", "{typed}");
        assert_eq!(claim.expose_secret(), "ABCDEFGHIJKLMNOPQRST", "{typed}");
    }
    for wrong in [
        "",
        "LANDF",
        "LANDF-ABCDE-FGHIJ-KLMNO-PQRS",
        "LANDF-ABCDE-FGHIJ-KLMNO-PQRSTU",
        "LANDF-ABCDE-FGHIJ-KLMNO-PQRS1",
        "LANDF-ABCDE-FGHIJ-KLMNO-PQRSé",
    ] {
        assert_eq!(Claim::parse(wrong).err(), Some(NotAClaim), "{wrong}");
    }
    assert!(Claim::of_parts("landf", "ABCDEFGHIJKLMNOPQRST").is_err());
    assert!(Claim::of_parts("LANDF", "ABCDE").is_err());
}

#[test]
fn made_of_random_bits_and_shown_to_nobody() {
    let made = Claim::from_random(&[0xff; 16]);
    assert_eq!(made.text().as_str(), "77777-77777-77777-77777-77777");
    let mut one = [0; 16];
    one[15] = 1;
    assert_eq!(
        Claim::from_random(&one).text().as_str(),
        "BAAAA-AAAAA-AAAAA-AAAAA-AAAAA"
    );
    assert_eq!(
        format!("{made:?} {:?}", made.text()),
        "Claim(77777-***) ***"
    );
}
