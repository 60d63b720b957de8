//! Which texts pass for e-mail addresses and URLs.
//!
//! Source: github.com/asaskevich/govalidator v0.0.0-20230301143203 `patterns.go`, `validator.go`; go 1.27 `net/url`,
//! `ParseRequestURI`. The e-mail pattern is followed to the letter but for quoted local parts; hosts of URLs are read as a
//! list of labels, which the original approximates with a regular expression.

/// Whether a text is an e-mail address with a dotted domain.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    is_local_part(local) && (is_domain(domain) || domain.strip_suffix('.').is_some_and(is_domain))
}

fn is_local_part(local: &str) -> bool {
    let atom =
        |rune: char| rune.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(rune) || is_wide(rune);
    local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
}

fn is_domain(domain: &str) -> bool {
    let Some((front, top)) = domain.rsplit_once('.') else { return false };
    let letter = |rune: char| rune.is_ascii_alphabetic() || is_wide(rune);
    let alphanumeric = |rune: char| letter(rune) || rune.is_ascii_digit();
    let framed = |text: &str, ends: &dyn Fn(char) -> bool, inner: &dyn Fn(char) -> bool| {
        text.starts_with(ends) && text.ends_with(ends) && text.chars().all(inner)
    };
    framed(front, &alphanumeric, &|rune| alphanumeric(rune) || "-._~".contains(rune))
        && framed(top, &letter, &|rune| alphanumeric(rune) || "-_~".contains(rune))
}

/// The characters beyond ASCII that the patterns let pass.
fn is_wide(rune: char) -> bool {
    matches!(rune, '\u{a0}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{ffef}')
}

/// Whether a text is a URL of a web page, with or without its scheme.
pub(super) fn is_url(text: &str) -> bool {
    if text.len() <= 3
        || text.chars().count() >= 2083
        || text.starts_with('.')
        || text.contains(char::is_whitespace)
    {
        return false;
    }
    let rest = match text.split_once("://") {
        Some(("ftp" | "tcp" | "udp" | "ws" | "wss" | "http" | "https", rest)) => rest,
        Some(_) => return false,
        None if !text.contains(['.', ':']) => return false,
        None => text,
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if let Some(address) = host.strip_prefix('[') {
        return address.split_once(']').is_some_and(|(address, port)| {
            address.parse::<std::net::Ipv6Addr>().is_ok() && (port.is_empty() || is_port(port))
        });
    }
    let (name, port) = host.find(':').map_or((host, ""), |at| host.split_at(at));
    let label = |label: &str| {
        let inner =
            |rune: char| rune.is_ascii_alphanumeric() || matches!(rune, '-' | '_' | '\u{a1}'..='\u{ffff}');
        !label.is_empty() && !label.starts_with(['-', '_']) && label.chars().all(inner)
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    (port.is_empty() || is_port(port)) && !name.ends_with('-') && name.split('.').all(label)
}

fn is_port(text: &str) -> bool {
    let digits = text.strip_prefix(':').unwrap_or_default();
    (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text can stand in the first line of an HTTP request and has a scheme.
pub(super) fn is_request_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_fits = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|rune| rune.is_ascii_alphanumeric() || "+-.".contains(rune));
    if !scheme_fits || text.chars().any(|rune| rune < ' ' || rune == '\u{7f}') || !escapes_fit(rest) {
        return false;
    }
    let Some(rest) = rest.strip_prefix("//") else { return true };
    let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = match host.strip_prefix('[') {
        Some(address) => match address.split_once(']') {
            Some((_, port)) => port,
            None => return false,
        },
        None => host.rfind(':').map_or("", |at| &host[at..]),
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    let port_fits =
        (port.is_empty() || port.starts_with(':')) && digits.bytes().all(|byte| byte.is_ascii_digit());
    port_fits && !host.contains([' ', '<', '>', '"', '\\', '^', '`', '{', '}', '|'])
}

/// Whether every `%` is followed by two hexadecimal digits.
fn escapes_fit(text: &str) -> bool {
    let path = text.split('?').next().unwrap_or_default().as_bytes();
    path.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(at, _)| {
        path.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in ["a@b.co", "a.b+c@x-y.example.com", "ü@bücher.de", "a@b.c."] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "x", "a@b", "a@", "@b.co", "a..b@c.de", "a@b.c1", "a b@c.de", "a@-b.co"] {
            assert!(!is_email(bad), "{bad}");
        }
        for good in [
            "https://example.com",
            "example.com/x?y#z",
            "http://localhost:80",
            "ftp://u:p@h.org",
            "http://[::1]:8/",
        ] {
            assert!(is_url(good), "{good}");
        }
        for bad in ["", "x y", "foo", "gopher://a.b", ".a.com", "http://-a.com", "http://a.com:123456"] {
            assert!(!is_url(bad), "{bad}");
        }
        for good in ["https://example.com/a.png", "file:///x", "mailto:a", "http://h:80/%20"] {
            assert!(is_request_url(good), "{good}");
        }
        for bad in ["", "foo", "/a", "http://h:x/", "1a://b", "http://h/%2", "http://a b/"] {
            assert!(!is_request_url(bad), "{bad}");
        }
    }
}
