//! The page's checker of signatures: says what `helm verify` says of an archive, its provenance file and a keyring.
//!
//! A program of its own beside the page and its render worker, because OpenPGP is large and few visitors need it; a package of its
//! own, because what `pgp` wants of `flate2` would be linked into the page, too. It knows nothing of the page: a request is an
//! array of the archive's name and bytes, the provenance file's bytes, the keyring's name and bytes; what it says is an array of
//! a word (`ready`, `right`, `wrong`, `lost`) and a text.
//!
//! Source: helm v4.3.1 `pkg/downloader/chart_downloader.go`, `VerifyChart`.

use js_sys::{Array, Uint8Array, global};
use provenance::Keyring;
use wasm_bindgen::prelude::*;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

/// Listens to the page until it ends this program.
fn main() {
    let scope: DedicatedWorkerGlobalScope = global().unchecked_into();
    let speaker = scope.clone();
    std::panic::set_hook(Box::new(move |panic| say(&speaker, "lost", &panic.to_string())));
    let speaker = scope.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let request: Array = event.data().unchecked_into();
        let text = |at| request.get(at).as_string().unwrap_or_default();
        let bytes = |at| Uint8Array::new(&request.get(at)).to_vec();
        let now = (js_sys::Date::now() / 1_000.0) as i64;
        match check(&text(0), &bytes(1), &bytes(2), &text(3), &bytes(4), now) {
            Ok(report) => say(&speaker, "right", &report),
            Err(sentence) => say(&speaker, "wrong", &sentence),
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    on_message.forget();
    // The page posts nothing before this, because the loader sets the handler late.
    say(&scope, "ready", "");
}

fn say(scope: &DedicatedWorkerGlobalScope, word: &str, text: &str) {
    if let Err(error) = scope.post_message(&Array::of2(&word.into(), &text.into())) {
        web_sys::console::error_2(&"an answer could not be posted:".into(), &error);
    }
}

/// What `helm verify` prints at a time in seconds since 1970.
///
/// # Errors
/// The sentence with which it fails.
fn check(
    name: &str,
    archive: &[u8],
    text: &[u8],
    keyring_name: &str,
    keyring: &[u8],
    now: i64,
) -> Result<String, String> {
    let said = |error: provenance::Error| error.to_string();
    provenance::check_archive_name(name).map_err(said)?;
    let keys = Keyring::read(keyring, keyring_name);
    let keys = keys.map_err(|why| said(provenance::keyring_not_loaded(why)))?;
    let signed = provenance::verify(text, &keys, now).map_err(said)?;
    let sum = renderer::package::provenance::check(&signed.text, archive, name);
    Ok(signed.report(&sum.map_err(|error| error.message().to_owned())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = include_bytes!("../../../renderer/provenance/tests/keys.gpg");
    const PUBLIC: &[u8] = include_bytes!("../../../renderer/provenance/tests/public.asc");
    /// A time after the keys were made.
    const NOW: i64 = 1_900_000_000;

    fn checked(name: &str, archive: &[u8], keys: &[u8]) -> Result<String, String> {
        let sum = renderer::package::sha256(b"archive");
        let keyring = Keyring::read(SECRET, "keys.gpg").unwrap();
        let signer = keyring.find("rsa@").unwrap().unwrap().signer().unwrap();
        let text = format!("name: c\n\n...\nfiles:\n  c-1.0.0.tgz: sha256:{sum}\n");
        let signed = signer.sign(text.as_bytes(), NOW).unwrap();
        check(name, archive, &signed, "public.asc", keys, NOW)
    }

    #[test]
    fn a_right_signature_is_reported_in_the_words_of_helm() {
        let told = checked("c-1.0.0.tgz", b"archive", PUBLIC).unwrap();
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines[0].starts_with("Signed by: Rsa "), "{told}");
        assert!(lines[1].starts_with("Using Key With Fingerprint: "), "{told}");
        assert!(lines[2].starts_with("Chart Hash Verified: sha256:"), "{told}");
        assert_eq!(lines.len(), 3);
    }

    #[test]
    fn what_does_not_fit_is_said_in_the_words_of_helm() {
        let sentence = |name, archive, keys| checked(name, archive, keys).unwrap_err();
        assert!(
            sentence("c-1.0.0.tgz", b"archivf", PUBLIC)
                .starts_with("sha256 sum does not match for c-1.0.0.tgz: ")
        );
        assert_eq!(
            sentence("d.tgz", b"archive", PUBLIC),
            "provenance does not contain a SHA for a file named \"d.tgz\""
        );
        assert_eq!(sentence("c.zip", b"archive", PUBLIC), "chart must be a tgz file");
        assert_eq!(sentence("c-1.0.0.tgz", b"archive", b""), "openpgp: signature made by unknown entity");
        assert_eq!(
            sentence("c-1.0.0.tgz", b"archive", b"hello"),
            "failed to load keyring: openpgp: invalid data: tag byte does not have MSB set"
        );
    }
}
