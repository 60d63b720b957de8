//! Which texts pass for e-mail addresses and URLs.
//!
//! Source: github.com/asaskevich/govalidator v0.0.0-20230301143203 `patterns.go`, `validator.go`, whose patterns accept the
//! same texts as the ones made here of named parts; go 1.27 `net/url`.

use sprig::{regex, url};

/// Characters beyond ASCII that addresses may hold.
const WIDE: &str = r"\x{A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}";

/// Whether a text is an e-mail address with a dotted domain.
pub(super) fn is_email(text: &str) -> bool {
    let atom = format!(r"[a-zA-Z0-9!#$%&'*+\-/=?^_`{{|}}~{WIDE}]+");
    // White space in quotes may be folded over lines.
    let blank = r"(([ \t]*\r\n)?[ \t]+)?";
    let plain = format!(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f!\x23-\x5b\x5d-\x7e{WIDE}]");
    let escaped = r"\([\x01-\x09\x0b\x0c\x0d-\x7f]";
    // As the original has it: a quote before every character, and one at the end.
    let quoted = format!(r#"("{blank}({plain}|{escaped}))*{blank}""#);
    let label = framed(&format!("a-zA-Z0-9{WIDE}"), &format!(r"a-zA-Z0-9\-._~{WIDE}"));
    let top = framed(&format!("a-zA-Z{WIDE}"), &format!(r"a-zA-Z0-9\-_~{WIDE}"));
    matches(&format!(r"^(({atom}(\.{atom})*)|({quoted}))@({label}\.)+{top}\.?$"), text)
}

/// One or more characters, with those of `ends` at both ends and those of `inner` between.
fn framed(ends: &str, inner: &str) -> String {
    format!("([{ends}]|[{ends}][{inner}]*[{ends}])")
}

/// Whether a text is a URL of a web page, with or without its scheme.
pub(super) fn is_url(text: &str) -> bool {
    if text.len() <= 3 || text.chars().count() >= 2083 || text.starts_with('.') {
        return false;
    }
    // A port without a scheme would read as the rest of a scheme.
    let parsed = if text.contains(':') && !text.contains("://") {
        url::parse(format!("http://{text}").as_bytes())
    } else {
        url::parse(text.as_bytes())
    };
    let Ok(parsed) = parsed else { return false };
    if parsed.host.starts_with(b".") {
        return false;
    }
    if parsed.host.is_empty() && !parsed.path.is_empty() && !parsed.path.contains(&b'.') {
        return false;
    }
    matches(&url_pattern(), text)
}

fn url_pattern() -> String {
    let scheme = "(ftp|tcp|udp|wss?|https?)://";
    let user = r"\S+(:\S*)?@";
    let last = r"1\d\d|2[0-4]\d|25[0-5]";
    let v4 = format!(
        r"([1-9]\d?|1\d\d|2[01]\d|22[0-3]|24\d|25[0-5])(\.(\d{{1,2}}|{last})){{2}}(\.([0-9]\d?|{last}))"
    );
    let alnum = "[a-zA-Z0-9]";
    let front = format!(r"{alnum}([a-zA-Z0-9\-_]+)?{alnum}([\-.]{alnum}+)*");
    let subdomain = format!(r"(www\.)|({alnum}+([\-_.]?{alnum})*{alnum}\.{alnum}+)");
    let letter = r"a-zA-Z\x{A1}-\x{FFFF}";
    let name = format!(r"([{letter}0-9]+-?-?)*[{letter}0-9]+(\.[{letter}]+)?");
    let host = format!(r"{v4}|(\[({})\])|(({front})|({subdomain})?)?({name})", v6_pattern());
    format!(r"^({scheme})?({user})?({host})\.?(:\d{{1,5}})?([/?#][^\s]*)?$")
}

fn v6_pattern() -> String {
    let group = "[0-9a-fA-F]{1,4}";
    let byte = "(25[0-5]|(2[0-4]|1?[0-9])?[0-9])";
    let v4 = format!(r"({byte}\.){{3}}{byte}");
    let mut forms = vec![format!("({group}:){{7}}{group}"), format!("({group}:){{1,7}}:")];
    for before in (1..=6).rev() {
        forms.push(format!("({group}:){{1,{before}}}(:{group}){{1,{}}}", 7 - before));
    }
    forms.push(format!(":((:{group}){{1,7}}|:)"));
    forms.push("fe80:(:[0-9a-fA-F]{0,4}){0,4}%[0-9a-zA-Z]+".to_owned());
    forms.push(format!("::(ffff(:0{{1,4}})?:)?{v4}"));
    forms.push(format!("({group}:){{1,4}}:{v4}"));
    forms.join("|")
}

/// Whether a text can stand in the first line of an HTTP request and has a scheme.
pub(super) fn is_request_url(text: &str) -> bool {
    url::parse_request_uri(text.as_bytes()).is_ok_and(|url| !url.scheme.is_empty())
}

/// The patterns of this file are patterns, so an error is no match; the tests would notice.
fn matches(pattern: &str, text: &str) -> bool {
    regex::is_match(pattern, text).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        for good in ["a@b.co", "a.b+c@x-y.example.com", "ü@bücher.de", "a@b.c.", "\"a\"@c.de", "a@b.b.co"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "x",
            "a@b",
            "a@",
            "@b.co",
            "a..b@c.de",
            "a@b.c1",
            "a b@c.de",
            "a@-b.co",
            "a@b.co..",
            "\"a b\"@c.de",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        for good in [
            "https://example.com",
            "example.com/x?y#z",
            "http://localhost:80",
            "ftp://u:p@h.org",
            "http://[::1]:8/",
            "http://1.2.3.4",
        ] {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "",
            "x y",
            "foo",
            "gopher://a.b",
            ".a.com",
            "http://-a.com",
            "http://a.com:123456",
            "http://h/%2",
        ] {
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
