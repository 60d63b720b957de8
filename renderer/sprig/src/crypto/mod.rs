//! Keys, certificates, passwords and encryption.
//!
//! All randomness is asked of the world, the key of a certificate as one seed: equal answers give equal keys, and what takes
//! long is announced and kept. The block ciphers, the key derivations and the curves are those of established crates; RSA and
//! DSA stand here, on the big integers that `sprig` has anyway, because the released `rsa` crate brings a second set of them,
//! 50 KB of it, to the page. Certificates are written field by field as Go writes them.
//!
//! *Source*: sprig 3.3.0 `crypto.go`.

mod aes;
mod asn1;
mod certificate;
mod curve;
mod der;
mod dsa;
mod issue;
mod key;
mod montgomery;
mod password;
mod pem;
mod prime;
mod rsa;
mod slow;
mod x509;

use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("crypto");
    password::add(table);
    aes::add(table);
    issue::add(table);
}
