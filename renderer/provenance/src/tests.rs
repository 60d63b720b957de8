//! Keys that GnuPG made for these tests, and what can be done with them. `tests/oracle` asks the real Helm the same.

use crate::{Keyring, verify};

const SECRET: &[u8] = include_bytes!("../tests/keys.gpg");
const PUBLIC: &[u8] = include_bytes!("../tests/public.asc");
/// A time after the keys were made.
const NOW: i64 = 1_900_000_000;

fn public() -> Keyring {
    Keyring::read(PUBLIC, "public.asc").unwrap()
}

fn signed(key: &str) -> Vec<u8> {
    let keyring = Keyring::read(SECRET, "keys.gpg").unwrap();
    let mut signer = keyring.find(key).unwrap().unwrap().signer().unwrap();
    if signer.is_locked() {
        assert!(signer.unlock(b"wrong").is_err());
        signer.unlock(b"pass").unwrap();
    }
    signer.sign(b"a: 1  \n- b\n\n...\nfiles: {}\n", NOW).unwrap()
}

#[test]
fn what_is_signed_is_verified() {
    let keyring = public();
    for (key, name) in [("rsa@", "Rsa"), ("<ed@", "Edwards"), ("locked@", "Locked")] {
        let message = signed(key);
        let signed = verify(&message, &keyring, NOW).unwrap();
        assert_eq!(signed.text, b"a: 1\n- b\n\n...\nfiles: {}\n");
        assert!(signed.by.names().next().unwrap().starts_with(name));
        assert_eq!(signed.by.fingerprint().len(), 40);
        let message = String::from_utf8(message).unwrap();
        let changed = message.replace("a: 1", "a: 2");
        let error = verify(changed.as_bytes(), &keyring, NOW).unwrap_err().to_string();
        let algorithm = if name == "Rsa" { "RSA" } else { "EdDSA" };
        assert_eq!(error, format!("openpgp: invalid signature: {algorithm} verification failure"));
    }
}

#[test]
fn a_signature_of_tomorrow_has_expired() {
    let error = verify(&signed("rsa@"), &public(), NOW - 1).unwrap_err();
    assert_eq!(error.to_string(), "openpgp: signature expired");
    assert_eq!(verify(b"junk", &public(), NOW).unwrap_err().to_string(), "signature block not found");
}

#[test]
fn keys_are_found_by_a_part_of_their_name() {
    let keyring = public();
    assert!(keyring.find("nobody").unwrap().is_none());
    let error = keyring.find("Test").unwrap_err().to_string();
    assert_eq!(error, "more than one key contain the id \"Test\"");
    assert!(keyring.find("Locked Test").unwrap().is_some());
    let error = keyring.find("rsa@").unwrap().unwrap().signer().unwrap_err().to_string();
    assert!(error.starts_with("provided key is not a private key"));
}

#[test]
fn keyrings_that_are_none_are_refused() {
    for (data, why) in [
        (&b"hello"[..], "openpgp: invalid data: tag byte does not have MSB set"),
        (
            b"-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n",
            "reading armored keyring r: expected a public or private key block, got \"PGP MESSAGE\"",
        ),
        (&SECRET[..40], "unexpected EOF"),
    ] {
        assert_eq!(Keyring::read(data, "r").unwrap_err().to_string(), why);
    }
    assert!(Keyring::read(b"", "r").unwrap().find("a").unwrap().is_none());
    // A key that was changed is left out, with all secret keys behind it.
    let mut changed = SECRET.to_vec();
    changed[20] ^= 1;
    assert!(Keyring::read(&changed, "r").is_err());
}
