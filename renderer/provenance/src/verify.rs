//! Checking the signature of a text.
//!
//! Source: helm v4.3.1 `pkg/provenance/sign.go`, `Verify`; go-crypto `openpgp/read.go`, `CheckDetachedSignature`.

use pgp::packet::{Packet, PublicKey, PublicSubkey, RevocationCode, Signature, SignatureType, SubpacketData};
use pgp::types::{KeyDetails, KeyId};

use crate::packets::Packets;
use crate::{Entity, Error, Keyring, cleartext, hash};

/// A text whose signature is right.
#[derive(Debug)]
pub struct Signed<'a> {
    /// The text, with line feeds.
    pub text: Vec<u8>,
    /// Who signed it.
    pub by: &'a Entity,
}

/// A key that can have made a signature.
enum Candidate<'a> {
    Primary(&'a PublicKey),
    Subkey(&'a PublicSubkey, &'a Signature, &'a [Signature]),
}

/// Checks the signature of a clear-signed text at a time in seconds since 1970.
///
/// # Errors
/// Helm's sentence for what is wrong.
pub fn verify<'a>(data: &[u8], keyring: &'a Keyring, now: i64) -> Result<Signed<'a>, Error> {
    let message = cleartext::decode(data).ok_or_else(|| Error::new("signature block not found"))?;
    let signature = message.signature?;
    let mut packets = Packets::new(&signature);
    let (signature, candidates) = loop {
        let Some(packet) = packets.next() else {
            return Err(Error::new("openpgp: signature made by unknown entity"));
        };
        let Packet::Signature(signature) = packet? else {
            return Err(Error::structural("non signature packet found"));
        };
        let id = issuer(&signature).ok_or_else(|| Error::structural("signature doesn't have an issuer"))?;
        let candidates = candidates(keyring, &id);
        if !candidates.is_empty() {
            break (signature, candidates);
        }
    };
    if !matches!(signature.typ(), Some(SignatureType::Binary | SignatureType::Text)) {
        let kind = signature.typ().map_or(0, u8::from);
        return Err(Error::unsupported(format!("unsupported signature type: {kind}")));
    }
    let mut wrong = None;
    for (entity, candidate) in candidates {
        let outcome = match &candidate {
            Candidate::Primary(key) => hash::check(*key, &signature, &message.signed),
            Candidate::Subkey(key, ..) => hash::check(*key, &signature, &message.signed),
        };
        match outcome {
            Ok(()) => {
                check_dates(entity, &candidate, &signature, now)?;
                return Ok(Signed { text: message.text, by: entity });
            }
            Err(error) => wrong = Some(error),
        }
    }
    // There was a candidate, and it did not fit.
    Err(wrong.unwrap_or_else(|| Error::new("openpgp: signature made by unknown entity")))
}

fn issuer(signature: &Signature) -> Option<KeyId> {
    if let Some(id) = signature.issuer_key_id().first() {
        return Some(**id);
    }
    let fingerprint = *signature.issuer_fingerprint().first()?;
    let bytes = fingerprint.as_bytes();
    Some(KeyId::from(<[u8; 8]>::try_from(bytes.get(bytes.len().checked_sub(8)?..)?).ok()?))
}

/// The keys of this id that may sign. Source: `KeysByIdUsage`.
fn candidates<'a>(keyring: &'a Keyring, id: &KeyId) -> Vec<(&'a Entity, Candidate<'a>)> {
    let may_sign = |signature: &Signature| signature.key_flags().sign();
    let mut found = Vec::new();
    for entity in &keyring.entities {
        let own = entity.primary_identity().and_then(|identity| identity.signature.as_ref());
        if entity.key.legacy_key_id() == *id && own.is_some_and(may_sign) {
            found.push((entity, Candidate::Primary(&entity.key)));
        }
        for subkey in &entity.subkeys {
            if subkey.key.legacy_key_id() == *id && may_sign(&subkey.signature) {
                let candidate = Candidate::Subkey(&subkey.key, &subkey.signature, &subkey.revocations);
                found.push((entity, candidate));
            }
        }
    }
    found
}

/// Whether the keys and the signature are of this time. Source: `checkMessageSignatureDetails`.
fn check_dates(
    entity: &Entity,
    candidate: &Candidate<'_>,
    signature: &Signature,
    now: i64,
) -> Result<(), Error> {
    let identity = entity.primary_identity();
    let own = identity.and_then(|identity| identity.signature.as_ref());
    let mut looked_at: Vec<&Signature> = vec![signature];
    looked_at.extend(own);
    if let Candidate::Subkey(_, binding, _) = candidate {
        looked_at.push(binding);
        looked_at.extend(binding.embedded_signature());
    }
    for signature in &looked_at {
        let parts = signature.config().into_iter().flat_map(|config| config.hashed_subpackets());
        for part in parts {
            if let SubpacketData::Notation(notation) = &part.data
                && part.is_critical
            {
                let name = String::from_utf8_lossy(&notation.name);
                return Err(Error::signature(format!("unknown critical notation: {name}")));
            }
        }
    }
    let subkey_revocations = match candidate {
        Candidate::Primary(_) => &[][..],
        Candidate::Subkey(_, _, revocations) => revocations,
    };
    let of_identity = identity.map_or(&[][..], |identity| &identity.revocations);
    if [&entity.revocations, subkey_revocations, of_identity].iter().any(|list| is_revoked(list, now)) {
        return Err(Error::new("openpgp: signature made by revoked key"));
    }
    let is_expired = |created: i64, signature: Option<&Signature>| {
        let seconds =
            signature.and_then(Signature::key_expiration_time).map_or(0, |it| i64::from(it.as_secs()));
        created > now || seconds != 0 && now > created + seconds
    };
    let primary = i64::from(entity.key.created_at().as_secs());
    let subkey = match candidate {
        Candidate::Primary(_) => false,
        Candidate::Subkey(key, binding, _) => {
            is_expired(i64::from(key.created_at().as_secs()), Some(binding))
        }
    };
    if is_expired(primary, own) || subkey {
        return Err(Error::new("openpgp: key expired"));
    }
    if looked_at.iter().any(|signature| has_expired(signature, now)) {
        return Err(Error::new("openpgp: signature expired"));
    }
    Ok(())
}

fn is_revoked(revocations: &[Signature], now: i64) -> bool {
    revocations.iter().any(|revocation| {
        revocation.revocation_reason_code() == Some(&RevocationCode::KeyCompromised)
            || !has_expired(revocation, now)
    })
}

/// A signature of tomorrow counts as expired, too.
fn has_expired(signature: &Signature, now: i64) -> bool {
    let created = signature.created().map_or(0, |time| i64::from(time.as_secs()));
    let seconds = signature.signature_expiration_time().map_or(0, |it| i64::from(it.as_secs()));
    created > now || seconds != 0 && now > created + seconds
}
