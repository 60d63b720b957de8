//! The desk checks a signature: it holds the files as they came, and asks the program that knows OpenPGP.

use std::cell::RefCell;
use std::collections::BTreeMap;

use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::FileList as ChosenFiles;

use crate::files::Bytes;
use crate::hooks::Desk;
use crate::hooks::reply::reply;
use crate::hooks::task::Task;
use crate::persist::intake::{self, Signing};
use crate::state::Action;
use crate::state::signature::{SignatureAction, Stage, Verdict};
use crate::worker::check::{self, Checking, Ended};
use crate::worker::protocol::Severity;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    fn digest(algorithm: &str, bytes: &Uint8Array) -> Result<Promise, JsValue>;
}

/// The bytes behind the names in the state, and the check under way.
#[derive(Default)]
pub(super) struct Held {
    archive: RefCell<Bytes>,
    /// What was in the archive.
    unpacked: RefCell<BTreeMap<String, Bytes>>,
    provenance: RefCell<Bytes>,
    keyring: RefCell<Bytes>,
    check: RefCell<Option<Task>>,
}

impl Desk {
    /// Keeps the archive that the chart came from, byte for byte, and what was in it.
    pub(super) fn hold_archive(&self, bytes: Bytes, files: &BTreeMap<String, Bytes>) {
        *self.0.held.archive.borrow_mut() = bytes;
        self.0.held.unpacked.borrow_mut().clone_from(files);
    }

    /// SHA-256 in hexadecimal of the archive that the chart came from, as long as the chart is what was in it. `None` as well
    /// where the browser gives no digests: to pages that came over an open network.
    pub(super) async fn archive_sha256(&self) -> Option<String> {
        let held = &self.0.held;
        let is_whole = self.0.files.borrow().iter().eq(held.unpacked.borrow().iter());
        let archive = Some(held.archive.borrow().clone()).filter(|_| is_whole)?;
        let digest = digest("SHA-256", &Uint8Array::from(&*archive)).ok()?;
        let digest = Uint8Array::new(&JsFuture::from(digest).await.ok()?).to_vec();
        Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Takes what came along with an upload.
    pub(super) fn take_signing(&self, signing: Signing) {
        let Signing { provenance, keyring } = signing;
        if provenance.is_none() && keyring.is_none() {
            return;
        }
        if let Some((name, bytes)) = provenance {
            *self.0.held.provenance.borrow_mut() = bytes;
            self.sign(SignatureAction::Provenance(name));
        }
        if let Some((name, bytes)) = keyring {
            *self.0.held.keyring.borrow_mut() = bytes;
            self.sign(SignatureAction::Keyring(name));
        }
        self.check_signature();
    }

    /// Takes the keyring that was chosen, whatever its name is.
    pub(crate) fn choose_keyring(&self, list: &ChosenFiles) {
        let Some(given) = intake::of_list(list).into_iter().next() else { return };
        let desk = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            match intake::read_one(given).await {
                Ok(keyring) => desk.take_signing(Signing { provenance: None, keyring: Some(keyring) }),
                Err(sentence) => desk.say(Severity::Error, sentence),
            }
        });
    }

    /// Puts the signature away. The keys stay for the next one.
    pub(crate) fn close_signature(&self) {
        self.0.held.check.take();
        self.sign(SignatureAction::Close);
    }

    /// Checks the signature when all that it needs is there.
    pub(crate) fn check_signature(&self) {
        // Whatever was being checked is of yesterday.
        self.0.held.check.take();
        let state = self.state();
        let (Stage::Ready(_), Some(archive), Some(keyring)) =
            (state.signature.stage(), state.signature.archive.clone(), state.signature.keyring.clone())
        else {
            return;
        };
        self.sign(SignatureAction::Verdict(Verdict::Checking));
        let held = &self.0.held;
        let (bytes, provenance) = (held.archive.borrow().clone(), held.provenance.borrow().clone());
        let keys = held.keyring.borrow().clone();
        let desk = self.clone();
        let task = Task::spawn(async move {
            let (giver, wait) = reply();
            let (archive, keyring) = ((archive.as_str(), &*bytes), (keyring.as_str(), &*keys));
            let fetched = check::fetch_program().await;
            let checking = fetched.and_then(|()| {
                Checking::start(archive, &provenance, keyring, move |ended| giver.give(ended))
            });
            let ended = match checking {
                Ok(checking) => {
                    let ended = wait.await;
                    drop(checking);
                    ended
                }
                Err(why) => Some(Ended::Lost(why)),
            };
            let verdict = match ended {
                Some(Ended::Right(report)) => Verdict::Right(report),
                Some(Ended::Wrong(sentence)) => Verdict::Wrong(sentence),
                Some(Ended::Lost(why)) => Verdict::Lost(why),
                None => return,
            };
            desk.sign(SignatureAction::Verdict(verdict));
        });
        *held.check.borrow_mut() = Some(task);
    }

    fn sign(&self, action: SignatureAction) {
        self.send(Action::Signature(action));
    }
}
