//! Names of namespaces and releases, as the cluster and Helm allow them.
//!
//! *Source*: Kubernetes `IsDNS1123Label`; helm v4.3.1 `pkg/chart/v2/util/validate_name.go`.

/// Checks a namespace: a DNS label.
///
/// # Errors
/// A sentence that says what it may be.
pub fn check_namespace(name: &str) -> Result<(), &'static str> {
    let sentence = "A namespace has at most 63 lower-case letters, digits and `-`.";
    if is_dns(name, 63, false) { Ok(()) } else { Err(sentence) }
}

/// Checks a release's name: a DNS subdomain of at most 53 characters.
///
/// # Errors
/// A sentence that says what it may be.
pub fn check_release(name: &str) -> Result<(), &'static str> {
    let sentence = "A release's name has at most 53 lower-case letters, digits, `-` and `.`.";
    if is_dns(name, 53, true) { Ok(()) } else { Err(sentence) }
}

/// Whether `name` consists of DNS labels (one of them unless `dots`) and has at most `limit` characters.
fn is_dns(name: &str, limit: usize, dots: bool) -> bool {
    let is_label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= limit && (dots || !name.contains('.')) && name.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_helms_and_the_clusters() {
        for good in ["shop", "a", "a-1", "x".repeat(63).as_str()] {
            assert!(check_namespace(good).is_ok(), "{good}");
        }
        for bad in ["", "Shop", "a.b", "-a", "a-", "a_b", "a/b", "..", "é", "x".repeat(64).as_str()] {
            assert!(check_namespace(bad).is_err(), "{bad}");
        }
        for good in ["web", "web.v2", "x".repeat(53).as_str()] {
            assert!(check_release(good).is_ok(), "{good}");
        }
        for bad in ["", "web.", ".web", "a..b", "web:apply", "web/x", "%2e", "x".repeat(54).as_str()] {
            assert!(check_release(bad).is_err(), "{bad}");
        }
    }
}
