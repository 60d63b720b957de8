//! Semantic versions and ranges of them, as Helm reads and compares them.
//!
//! Source: Masterminds/semver v3.5.0, `version.go`, `constraints.go`.

mod constraint;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt;

pub use constraint::Constraint;

use constraint::scan_version;

/// The longest version text that is read. Source: `MaxVersionLen`.
pub const MAX_VERSION_BYTES: usize = 256;

/// Why a version or a range cannot be read; `Display` is the sentence of the original.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SemverError(String);

impl SemverError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for SemverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SemverError {}

/// A semantic version. Two versions that differ in their metadata alone compare as equal, so there is no `Ord`: use
/// [`Version::compare`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Version {
    /// First number.
    pub major: u64,
    /// Second number; 0 when it was left out.
    pub minor: u64,
    /// Third number; 0 when it was left out.
    pub patch: u64,
    /// What stands after `-`.
    pub pre: String,
    /// What stands after `+`.
    pub metadata: String,
    /// The text as it was given.
    pub original: String,
}

impl Version {
    /// Reads a version; a leading `v`, missing parts and leading zeros are allowed.
    ///
    /// # Errors
    /// With the words of `semver.NewVersion`.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > MAX_VERSION_BYTES {
            return Err(too_long());
        }
        let digits = |byte: u8| byte.is_ascii_digit();
        let Some((parts, _)) = scan_version(text, 0, digits).filter(|(_, end)| *end == text.len()) else {
            return Err(SemverError::new("invalid semantic version"));
        };
        let [major, minor, patch] = parts.numbers.map(|number| {
            if number.is_empty() {
                return Ok(0);
            }
            parse_uint(number)
                .map_err(|error| SemverError::new(format!("error parsing version segment: {error}")))
        });
        let (major, minor, patch) = (major?, minor?, patch?);
        if !parts.pre.is_empty() {
            check_pre(parts.pre)?;
        }
        Ok(Self {
            major,
            minor,
            patch,
            pre: parts.pre.to_owned(),
            metadata: parts.metadata.to_owned(),
            original: text.to_owned(),
        })
    }

    /// Reads a version that keeps all rules: three numbers without leading zeros, no `v`.
    ///
    /// # Errors
    /// With the words of `semver.StrictNewVersion`.
    pub fn parse_strict(text: &str) -> Result<Self, SemverError> {
        if text.is_empty() {
            return Err(SemverError::new("version string empty"));
        }
        if text.len() > MAX_VERSION_BYTES {
            return Err(too_long());
        }
        let mut parts = text.splitn(3, '.');
        let (Some(major), Some(minor), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SemverError::new("invalid semantic version"));
        };
        let (rest, metadata) = rest.split_once('+').map_or((rest, None), |(rest, tail)| (rest, Some(tail)));
        if let Some(metadata) = metadata {
            check_metadata(metadata)?;
        }
        let (patch, pre) = rest.split_once('-').map_or((rest, None), |(rest, tail)| (rest, Some(tail)));
        if let Some(pre) = pre {
            check_pre(pre)?;
        }
        for number in [major, minor, patch] {
            if !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(SemverError::new("invalid characters in version"));
            }
            if number.len() > 1 && number.starts_with('0') {
                return Err(starts_with_zero());
            }
        }
        Ok(Self {
            major: parse_uint(major).map_err(SemverError::new)?,
            minor: parse_uint(minor).map_err(SemverError::new)?,
            patch: parse_uint(patch).map_err(SemverError::new)?,
            pre: pre.unwrap_or_default().to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    /// Compares by numbers, then by what stands after `-`; metadata does not count.
    pub fn compare(&self, other: &Self) -> Ordering {
        let numbers = (self.major, self.minor, self.patch).cmp(&(other.major, other.minor, other.patch));
        numbers.then_with(|| match (self.pre.is_empty(), other.pre.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => compare_pre(&self.pre, &other.pre),
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

fn too_long() -> SemverError {
    SemverError::new(format!("version string is too long (max {MAX_VERSION_BYTES} bytes)"))
}

fn starts_with_zero() -> SemverError {
    SemverError::new("version segment starts with 0")
}

/// `strconv.ParseUint` over digits.
fn parse_uint(digits: &str) -> Result<u64, String> {
    digits.parse().map_err(|_| {
        let cause = if digits.is_empty() { "invalid syntax" } else { "value out of range" };
        format!("strconv.ParseUint: parsing \"{digits}\": {cause}")
    })
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether a text can stand after `-`.
pub(crate) fn check_pre(pre: &str) -> Result<(), SemverError> {
    for part in pre.split('.') {
        if !is_identifier(part) {
            return Err(SemverError::new("invalid prerelease string"));
        }
        if part.len() > 1 && part.starts_with('0') && part.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(starts_with_zero());
        }
    }
    Ok(())
}

/// Whether a text can stand after `+`.
pub(crate) fn check_metadata(metadata: &str) -> Result<(), SemverError> {
    if metadata.split('.').all(is_identifier) {
        Ok(())
    } else {
        Err(SemverError::new("invalid metadata string"))
    }
}

/// Compares what stands after `-`, part by part. Source: `comparePrerelease`.
fn compare_pre(a: &str, b: &str) -> Ordering {
    let (mut ours, mut theirs) = (a.split('.'), b.split('.'));
    loop {
        let (x, y) = (ours.next(), theirs.next());
        if x.is_none() && y.is_none() {
            return Ordering::Equal;
        }
        let order = compare_part(x.unwrap_or_default(), y.unwrap_or_default());
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn compare_part(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    if a.is_empty() || b.is_empty() {
        return a.len().cmp(&b.len());
    }
    match (number(a), number(b)) {
        (None, None) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        // `1` and `01` are the same number; the original calls the first one smaller whatever it is.
        (Some(x), Some(y)) => x.cmp(&y).then(Ordering::Less),
    }
}

/// A number that fits; a larger one compares as text, as in the original.
fn number(part: &str) -> Option<u64> {
    part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
}
