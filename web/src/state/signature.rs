//! The signature of the packaged chart that is open: which files there are to check it with, and what came of it.

/// The slice of the signature. Names only; the desk holds the bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// The file name of the archive that the open chart came from.
    pub archive: Option<String>,
    /// The file name of the provenance file.
    pub provenance: Option<String>,
    /// The file name of the keyring. It stays for the next chart.
    pub keyring: Option<String>,
    /// What came of the check.
    pub verdict: Verdict,
}

/// How far a check is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was checked.
    #[default]
    None,
    /// It is under way.
    Checking,
    /// What `helm verify` prints.
    Right(String),
    /// The sentence with which `helm verify` fails.
    Wrong(String),
    /// There was no answer; why.
    Lost(String),
}

/// What there is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage<'a> {
    /// There is no signature.
    None,
    /// The open chart did not come from an archive.
    NoArchive,
    /// The signature is that of another archive.
    OtherArchive(&'a str),
    /// There is no key to check it with.
    NoKeys,
    /// All is there.
    Ready(&'a Verdict),
}

/// What can happen to the signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignatureAction {
    /// The person has seen enough.
    Close,
    /// A keyring was given.
    Keyring(String),
    /// A provenance file was given.
    Provenance(String),
    /// A check began or ended.
    Verdict(Verdict),
}

impl Signature {
    /// The archive that the provenance file is about, by its name.
    pub fn signed(&self) -> Option<&str> {
        Some(signed_name(self.provenance.as_deref()?))
    }

    /// What there is to show.
    pub fn stage(&self) -> Stage<'_> {
        match (self.signed(), &self.archive, &self.keyring) {
            (None, ..) => Stage::None,
            (_, None, _) => Stage::NoArchive,
            (Some(signed), Some(archive), _) if signed != archive => Stage::OtherArchive(archive),
            (.., None) => Stage::NoKeys,
            _ => Stage::Ready(&self.verdict),
        }
    }

    /// A chart was opened, from this archive. A provenance file that was given before stays when it is about it.
    pub(crate) fn open(&mut self, archive: Option<String>) {
        if self.signed() != archive.as_deref() {
            self.provenance = None;
        }
        self.archive = archive;
        self.verdict = Verdict::None;
    }
}

/// `a-1.0.0.tgz` for `a-1.0.0.tgz.prov`.
fn signed_name(provenance: &str) -> &str {
    let end = provenance.len().saturating_sub(".prov".len());
    match provenance.get(end..) {
        Some(tail) if tail.eq_ignore_ascii_case(".prov") => &provenance[..end],
        _ => provenance,
    }
}

pub(crate) fn reduce(signature: &mut Signature, action: SignatureAction) {
    match action {
        SignatureAction::Close => signature.provenance = None,
        SignatureAction::Keyring(name) => signature.keyring = Some(name),
        SignatureAction::Provenance(name) => signature.provenance = Some(name),
        SignatureAction::Verdict(verdict) => return signature.verdict = verdict,
    }
    signature.verdict = Verdict::None;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(actions: &[SignatureAction]) -> Signature {
        let mut signature = Signature::default();
        signature.open(Some("a-1.0.0.tgz".into()));
        for action in actions {
            reduce(&mut signature, action.clone());
        }
        signature
    }

    #[test]
    fn what_is_missing_is_named_until_all_is_there() {
        let provenance = SignatureAction::Provenance("a-1.0.0.tgz.prov".into());
        let keyring = SignatureAction::Keyring("public.asc".into());
        assert_eq!(after(&[]).stage(), Stage::None);
        assert_eq!(after(std::slice::from_ref(&keyring)).stage(), Stage::None);
        assert_eq!(after(std::slice::from_ref(&provenance)).stage(), Stage::NoKeys);
        assert_eq!(after(&[provenance.clone(), keyring]).stage(), Stage::Ready(&Verdict::None));
        let other = SignatureAction::Provenance("b.tgz.PROV".into());
        assert_eq!(after(&[other]).stage(), Stage::OtherArchive("a-1.0.0.tgz"));
        let mut signature = Signature::default();
        reduce(&mut signature, provenance);
        assert_eq!(signature.stage(), Stage::NoArchive);
    }

    #[test]
    fn another_chart_has_another_signature_and_the_keys_stay() {
        let given = [
            SignatureAction::Provenance("a-1.0.0.tgz.prov".into()),
            SignatureAction::Keyring("public.asc".into()),
            SignatureAction::Verdict(Verdict::Right("Signed by: A\n".into())),
        ];
        let mut signature = after(&given);
        signature.open(Some("a-1.0.0.tgz".into()));
        assert_eq!(signature.stage(), Stage::Ready(&Verdict::None));
        signature.open(None);
        assert_eq!(signature.stage(), Stage::None);
        assert_eq!(signature.keyring.as_deref(), Some("public.asc"));
    }
}
