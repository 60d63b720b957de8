//! The `Authorization` header: exactly one, `Bearer`, and nothing that could be read in two ways.

use axum::http::{HeaderMap, header};
use secrecy::SecretString;

/// Longer than the token of any cluster; service account tokens take about 1,200 bytes.
const LIMIT_BYTES: usize = 16 << 10;

/// What the header says.
#[derive(Debug)]
pub enum Bearer {
    /// There is none.
    Absent,
    /// There are several, or it is no bearer token.
    Malformed,
    /// The token, not checked yet.
    Token(SecretString),
}

/// Reads the header. The scheme in any case, one space, the characters that RFC 6750 gives a token.
#[must_use]
pub fn read(headers: &HeaderMap) -> Bearer {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Bearer::Absent };
    if values.next().is_some() {
        return Bearer::Malformed;
    }
    let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return Bearer::Malformed;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=:".contains(&byte);
    let well_formed = scheme.eq_ignore_ascii_case("bearer")
        && !token.is_empty()
        && token.len() <= LIMIT_BYTES
        && token.bytes().all(plain);
    if well_formed { Bearer::Token(SecretString::from(token)) } else { Bearer::Malformed }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[track_caller]
    fn check(values: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().expect("a value"));
        }
        let found = match read(&headers) {
            Bearer::Token(token) => Some(token.expose_secret().to_owned()),
            Bearer::Absent => Some(String::new()),
            Bearer::Malformed => None,
        };
        assert_eq!(found.as_deref(), expected, "{values:?}");
    }

    #[test]
    fn one_bearer_token_is_taken_and_anything_ambiguous_is_not() {
        check(&[], Some(""));
        check(&["Bearer abc.DEF-_~+/="], Some("abc.DEF-_~+/="));
        check(&["bearer abc"], Some("abc"));
        check(&["Bearer abc", "Bearer abc"], None);
        check(&["Bearer abc", "Basic YTpi"], None);
        check(&["Bearer abc, Bearer def"], None);
        check(&["Bearer  abc"], None);
        check(&["Bearer "], None);
        check(&["Bearer"], None);
        check(&["Basic YTpi"], None);
        check(&[&format!("Bearer {}", "a".repeat(LIMIT_BYTES + 1))], None);
    }
}
