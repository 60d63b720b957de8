//! A keyring: people, their names, their keys.
//!
//! Source: helm v4.3.1 `pkg/provenance/sign.go`, `loadKeyRing`, `NewFromKeyring`; go-crypto `openpgp/keys.go`.

use pgp::packet::{Packet, PublicKey, PublicSubkey, SecretKey, Signature, SignatureType};
use pgp::types::KeyDetails;

use crate::packets::Packets;
use crate::{Error, Signer, armor, hash, keybox};

/// The keys of a file, in its order.
#[derive(Debug)]
pub struct Keyring {
    pub(crate) entities: Vec<Entity>,
}

/// Someone who signs.
#[derive(Debug)]
pub struct Entity {
    pub(crate) key: PublicKey,
    secret: Option<SecretKey>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) subkeys: Vec<Subkey>,
    pub(crate) revocations: Vec<Signature>,
}

/// A name that the key's owner signed.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) name: String,
    pub(crate) signature: Option<Signature>,
    pub(crate) revocations: Vec<Signature>,
}

#[derive(Debug)]
pub(crate) struct Subkey {
    pub(crate) key: PublicSubkey,
    pub(crate) signature: Signature,
    pub(crate) revocations: Vec<Signature>,
}

impl Keyring {
    /// Reads a keyring: packets, an armoured export, or GnuPG's keybox. `path` is for sentences only.
    ///
    /// # Errors
    /// What makes the file unreadable. A key that is not well formed is left out, as long as there are others.
    pub fn read(data: &[u8], path: &str) -> Result<Self, Error> {
        if keybox::is_keybox(data) {
            let keys = keybox::public_keys(data);
            return packets(&keys.map_err(|why| Error::new(format!("reading keybox {path}: {why}")))?);
        }
        if data.trim_ascii().starts_with(b"-----BEGIN PGP") {
            return armored(data).map_err(|why| Error::new(format!("reading armored keyring {path}: {why}")));
        }
        packets(data)
    }

    /// The key of the person whose name is `id`, or the only one whose name contains it.
    ///
    /// # Errors
    /// Several names contain it.
    pub fn find(&self, id: &str) -> Result<Option<&Entity>, Error> {
        let mut candidates = Vec::new();
        for entity in &self.entities {
            if entity.names().any(|name| name == id) {
                return Ok(Some(entity));
            }
            candidates.extend(entity.names().filter(|name| name.contains(id)).map(|_| entity));
        }
        match candidates[..] {
            [] => Ok(None),
            [entity] => Ok(Some(entity)),
            _ => Err(Error::new(format!("more than one key contain the id {id:?}"))),
        }
    }
}

fn armored(mut text: &[u8]) -> Result<Keyring, Error> {
    let mut entities = Vec::new();
    while let Some(block) = armor::next_block(&mut text) {
        let block = block?;
        if block.kind != "PGP PUBLIC KEY BLOCK" && block.kind != "PGP PRIVATE KEY BLOCK" {
            let why = format!("expected a public or private key block, got {:?}", block.kind);
            return Err(Error::new(why));
        }
        entities.extend(packets(&block.bytes)?.entities);
    }
    if entities.is_empty() { Err(Error::new("no keys found")) } else { Ok(Keyring { entities }) }
}

/// Source: `ReadKeyRing`.
fn packets(bytes: &[u8]) -> Result<Keyring, Error> {
    let mut packets = Packets::new(bytes);
    let mut entities = Vec::new();
    let mut left_out = None;
    while let Some(entity) = entity(&mut packets) {
        match entity {
            Ok(entity) => entities.push(entity),
            Err(error) if error.is_skipped() => {
                left_out = Some(error);
                loop {
                    match packets.next() {
                        None => break,
                        Some(Ok(packet @ Packet::PublicKey(_))) => {
                            packets.put_back(packet);
                            break;
                        }
                        Some(Ok(_)) => {}
                        Some(Err(error)) => return Err(error),
                    }
                }
            }
            Err(error) => return Err(error),
        }
    }
    match left_out {
        Some(error) if entities.is_empty() => Err(error),
        _ => Ok(Keyring { entities }),
    }
}

/// Source: `ReadEntity`. `None` at the end.
fn entity(packets: &mut Packets<'_>) -> Option<Result<Entity, Error>> {
    let first = match packets.next()? {
        Ok(packet) => packet,
        Err(error) => return Some(Err(error)),
    };
    let (key, secret) = match first {
        Packet::PublicKey(key) => (key, None),
        Packet::SecretKey(secret) => (secret.public_key().clone(), Some(secret)),
        other => {
            packets.put_back(other);
            return Some(Err(Error::structural("first packet was not a public/private key")));
        }
    };
    let entity = Entity { key, secret, identities: Vec::new(), subkeys: Vec::new(), revocations: Vec::new() };
    Some(entity.filled(packets))
}

impl Entity {
    fn filled(mut self, packets: &mut Packets<'_>) -> Result<Self, Error> {
        if !self.key.algorithm().can_sign() {
            return Err(Error::structural("primary key cannot be used for signatures"));
        }
        let mut revocations = Vec::new();
        while let Some(packet) = packets.next() {
            match packet? {
                Packet::UserId(id) => self.add_name(id.id(), packets)?,
                Packet::Signature(signature) if signature.typ() == Some(SignatureType::KeyRevocation) => {
                    revocations.push(signature);
                }
                Packet::PublicSubkey(key) => self.add_subkey(key, packets)?,
                Packet::SecretSubkey(key) => self.add_subkey(key.public_key().clone(), packets)?,
                packet @ (Packet::PublicKey(_) | Packet::SecretKey(_)) => {
                    packets.put_back(packet);
                    break;
                }
                _ => {}
            }
        }
        if self.identities.is_empty() {
            return Err(Error::structural("v4 entity without any identities"));
        }
        for revocation in revocations {
            hash::check(&self.key, &revocation, &hash::key_bytes(&self.key))
                .map_err(|_| Error::structural("revocation signature signed by alternate key"))?;
            self.revocations.push(revocation);
        }
        Ok(self)
    }

    /// A name with the signatures behind it; it counts when the key itself signed it.
    fn add_name(&mut self, name: &[u8], packets: &mut Packets<'_>) -> Result<(), Error> {
        use SignatureType::{CertCasual, CertGeneric, CertPersona, CertPositive, CertRevocation};
        let text = String::from_utf8_lossy(name).into_owned();
        let mut identity = Identity { name: text, signature: None, revocations: Vec::new() };
        let mut is_own = false;
        while let Some(packet) = packets.next() {
            let signature = match packet? {
                Packet::Signature(signature) => signature,
                other => {
                    packets.put_back(other);
                    break;
                }
            };
            let kind = signature.typ();
            if !matches!(kind, Some(CertGeneric | CertPersona | CertCasual | CertPositive | CertRevocation)) {
                return Err(Error::structural("user ID signature with wrong type"));
            }
            if !hash::is_issued_by(&signature, &self.key) {
                continue;
            }
            hash::check_user_id(&self.key, name, &signature)
                .map_err(|why| Error::structural(format!("user ID self-signature invalid: {why}")))?;
            is_own = true;
            if kind == Some(CertRevocation) {
                identity.revocations.push(signature);
            } else if identity.signature.as_ref().is_none_or(|old| signature.created() > old.created()) {
                identity.signature = Some(signature);
            }
        }
        if is_own {
            self.identities.retain(|other| other.name != identity.name);
            self.identities.push(identity);
        }
        Ok(())
    }

    fn add_subkey(&mut self, key: PublicSubkey, packets: &mut Packets<'_>) -> Result<(), Error> {
        let mut best: Option<Signature> = None;
        let mut revocations = Vec::new();
        let invalid = |why: Error| Error::structural(format!("subkey signature invalid: {why}"));
        while let Some(packet) = packets.next() {
            let signature = match packet.map_err(invalid)? {
                Packet::Signature(signature) => signature,
                other => {
                    packets.put_back(other);
                    break;
                }
            };
            let kind = signature.typ();
            if !matches!(kind, Some(SignatureType::SubkeyBinding | SignatureType::SubkeyRevocation)) {
                return Err(Error::structural("subkey signature with wrong type"));
            }
            hash::check_subkey(&self.key, &key, &signature).map_err(invalid)?;
            if kind == Some(SignatureType::SubkeyRevocation) {
                revocations.push(signature);
            } else if best.as_ref().is_none_or(|old| signature.created() > old.created()) {
                best = Some(signature);
            }
        }
        let missing = || Error::structural("subkey packet not followed by signature");
        self.subkeys.push(Subkey { key, signature: best.ok_or_else(missing)?, revocations });
        Ok(())
    }

    /// The names, as the file has them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.identities.iter().map(|identity| identity.name.as_str())
    }

    /// The fingerprint of the key in upper-case hexadecimal.
    pub fn fingerprint(&self) -> String {
        self.key.fingerprint().as_bytes().iter().map(|byte| format!("{byte:02X}")).collect()
    }

    /// The name that stands for all.
    pub(crate) fn primary_identity(&self) -> Option<&Identity> {
        let is_primary = |identity: &Identity| identity.signature.as_ref().is_some_and(Signature::is_primary);
        let created = |identity: &Identity| identity.signature.as_ref().and_then(Signature::created);
        self.identities.iter().reduce(|best, other| {
            let better = match other.revocations.len().cmp(&best.revocations.len()) {
                std::cmp::Ordering::Less => true,
                std::cmp::Ordering::Greater => false,
                std::cmp::Ordering::Equal => match (is_primary(best), is_primary(other)) {
                    (true, false) => false,
                    (false, true) => true,
                    _ => created(other) > created(best),
                },
            };
            if better { other } else { best }
        })
    }

    /// The secret key, to sign with.
    ///
    /// # Errors
    /// The keyring has only the public key.
    pub fn signer(&self) -> Result<Signer<'_>, Error> {
        let missing = "provided key is not a private key. Try providing a keyring with secret keys";
        self.secret.as_ref().map(Signer::new).ok_or_else(|| Error::new(missing))
    }
}
