//! `urlParse` and `urlJoin`.
//!
//! *Source*: sprig 3.3.0 `url.go`; go 1.27 `net/url`.

use gotemplate::{Call, Failure};
use value::fmt::quote;
use value::{Kind, Map, Text, Value};

use crate::address::{self, Address};
use crate::lists::nil_dereference;
use crate::table::Table;

pub(crate) fn add(table: &mut Table) {
    table.family("url");
    table.pure("urlParse", url_parse);
    table.pure("urlJoin", url_join);
}

/// Which part of a URL is escaped; each allows other bytes as they are.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Part {
    Fragment,
    Host,
    Path,
    UserPassword,
    Zone,
}

#[derive(Default)]
struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

/// A URL in parts, unescaped.
#[derive(Default)]
pub struct Url {
    /// In lower case; can be empty.
    pub scheme: Vec<u8>,
    /// What follows the scheme when it does not start with a slash.
    pub opaque: Vec<u8>,
    user: Option<User>,
    /// With the port.
    pub host: Vec<u8>,
    /// Up to the query.
    pub path: Vec<u8>,
    query: Vec<u8>,
    /// Whether a question mark stands before an empty query.
    has_empty_query: bool,
    /// Whether a path follows the scheme without slashes for a host: `http:/x`.
    omits_host: bool,
    fragment: Vec<u8>,
}

fn url_parse(call: &mut Call<'_>, text: Text) -> Result<Map, Failure> {
    call.charge_text(text.len() as u128)?;
    let url = parse(text.as_bytes())
        .map_err(|error| Failure::error([b"unable to parse url: ".as_slice(), &error].concat()))?;
    let hostname = hostname(&url.host).to_vec();
    let userinfo = url.user.as_ref().map(user_text).unwrap_or_default();
    let parts = [
        ("scheme", url.scheme),
        ("host", url.host),
        ("hostname", hostname),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
        ("userinfo", userinfo),
    ];
    Ok(parts.into_iter().map(|(key, part)| (key, Text::derived(part, &[&text]))).collect())
}

fn url_join(call: &mut Call<'_>, map: Map) -> Result<Text, Failure> {
    let mut member = |key: &str| {
        let value = map.get(key);
        call.saw(&map, key.as_bytes(), value.as_ref());
        match value {
            None => Ok(Text::new()),
            Some(Value::Str(text)) => Ok(text),
            Some(Value::Nil) => Err(nil_dereference()),
            Some(other) => match other.underlying() {
                Value::Str(text) if other.kind() == Kind::String => Ok(text),
                _ => Err(Failure::error(format!(
                    "unable to parse {key} key, must be of type string, but {} found",
                    other.kind().name()
                ))),
            },
        }
    };
    let mut parts = Vec::with_capacity(7);
    for key in ["scheme", "host", "path", "query", "opaque", "fragment", "userinfo"] {
        parts.push(member(key)?);
    }
    let part = |index: usize| parts[index].as_bytes().to_vec();
    let user = if parts[6].is_empty() {
        None
    } else {
        let url = [b"proto://", parts[6].as_bytes(), b"@host"].concat();
        parse(&url)
            .map_err(|error| {
                Failure::error([b"unable to parse userinfo in dict: ".as_slice(), &error].concat())
            })?
            .user
    };
    let url = Url {
        scheme: part(0),
        host: part(1),
        path: part(2),
        query: part(3),
        opaque: part(4),
        fragment: part(5),
        user,
        has_empty_query: false,
        omits_host: false,
    };
    let inputs: Vec<&Text> = parts.iter().collect();
    let joined = join(&url);
    call.charge_text(joined.len() as u128)?;
    Ok(Text::derived(joined, &inputs))
}

/// Go's `url.Parse`.
///
/// # Errors
/// The words of Go's error.
pub fn parse(raw: &[u8]) -> Result<Url, Vec<u8>> {
    let (rest, fragment) = cut(raw, b'#');
    let error = |url: &[u8], message: Vec<u8>| [b"parse ".as_slice(), &quote(url), b": ", &message].concat();
    let mut url = parse_before_fragment(rest).map_err(|message| error(rest, message))?;
    if let Some(fragment) = fragment {
        url.fragment = unescape(fragment, Part::Fragment).map_err(|message| error(raw, message))?;
    }
    Ok(url)
}

/// Go's `url.ParseRequestURI`: an absolute URL or a path; a `#` is a character like others.
///
/// # Errors
/// The words of Go's error, without the URL in front.
pub fn parse_request_uri(raw: &[u8]) -> Result<Url, Vec<u8>> {
    if raw.is_empty() {
        return Err(b"empty url".to_vec());
    }
    let url = parse_before_fragment(raw)?;
    let starts_as_path = raw.starts_with(b"/") || raw == b"*";
    if url.scheme.is_empty() && !starts_as_path {
        return Err(b"invalid URI for request".to_vec());
    }
    Ok(url)
}

fn parse_before_fragment(raw: &[u8]) -> Result<Url, Vec<u8>> {
    if raw.iter().any(u8::is_ascii_control) {
        return Err(b"net/url: invalid control character in URL".to_vec());
    }
    let mut url = Url::default();
    if raw == b"*" {
        url.path = raw.to_vec();
        return Ok(url);
    }
    let (scheme, rest) = split_scheme(raw)?;
    url.scheme = scheme.to_ascii_lowercase();
    let (rest, query) = cut(rest, b'?');
    url.has_empty_query = query.is_some_and(<[u8]>::is_empty);
    url.query = query.unwrap_or_default().to_vec();
    if !rest.starts_with(b"/") {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_vec();
            return Ok(url);
        }
        if cut(rest, b'/').0.contains(&b':') {
            return Err(b"first path segment in URL cannot contain colon".to_vec());
        }
    }
    let mut path = rest;
    if rest.starts_with(b"//") && (!url.scheme.is_empty() || !rest.starts_with(b"///")) {
        let slash = rest[2..].iter().position(|&byte| byte == b'/').map_or(rest.len(), |at| at + 2);
        let (authority, after) = (&rest[2..slash], &rest[slash..]);
        path = after;
        let host = match authority.iter().rposition(|&byte| byte == b'@') {
            Some(at) => {
                url.host = parse_host(&url.scheme, &authority[at + 1..])?;
                url.user = Some(parse_user(&authority[..at])?);
                None
            }
            None => Some(authority),
        };
        if let Some(host) = host {
            url.host = parse_host(&url.scheme, host)?;
        }
    } else if !url.scheme.is_empty() && rest.starts_with(b"/") {
        url.omits_host = true;
    }
    url.path = unescape(path, Part::Path)?;
    Ok(url)
}

fn split_scheme(raw: &[u8]) -> Result<(&[u8], &[u8]), Vec<u8>> {
    for (at, byte) in raw.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err(b"missing protocol scheme".to_vec()),
            b':' => return Ok((&raw[..at], &raw[at + 1..])),
            _ => break,
        }
    }
    Ok((b"", raw))
}

fn parse_user(userinfo: &[u8]) -> Result<User, Vec<u8>> {
    let allowed = |&byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&byte);
    if !userinfo.iter().all(allowed) {
        return Err(b"net/url: invalid userinfo".to_vec());
    }
    let (name, password) = cut(userinfo, b':');
    Ok(User {
        name: unescape(name, Part::UserPassword)?,
        password: password.map(|password| unescape(password, Part::UserPassword)).transpose()?,
    })
}

fn parse_host(scheme: &[u8], host: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    match host.iter().rposition(|&byte| byte == b'[') {
        Some(1..) => return Err(b"invalid IP-literal".to_vec()),
        Some(_) => return parse_literal(host),
        None => {}
    }
    if let Some(first) = host.iter().position(|&byte| byte == b':') {
        // Lists of hosts with ports are let through for the schemes of databases, not for HTTP.
        let last = host.iter().rposition(|&byte| byte == b':').unwrap_or(first);
        let strict = matches!(scheme, b"http" | b"https");
        check_port(&host[if strict { first } else { last }..])?;
    }
    unescape(host, Part::Host)
}

/// `[fe80::1%25en0]:80`
fn parse_literal(host: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    let Some(close) = host.iter().rposition(|&byte| byte == b']') else {
        return Err(b"missing ']' in host".to_vec());
    };
    let port = &host[close + 1..];
    check_port(port)?;
    let name = &host[1..close];
    let name = match name.windows(3).position(|window| window == b"%25") {
        Some(zone) => {
            let mut whole = unescape(&name[..zone], Part::Host)?;
            whole.extend(unescape(&name[zone..], Part::Zone)?);
            whole
        }
        None => unescape(name, Part::Host)?,
    };
    match address::parse(&name) {
        Ok(Address::V4) => return Err(b"invalid IP-literal".to_vec()),
        Ok(Address::V6 { .. }) => {}
        Err(why) => return Err([b"invalid host: ".as_slice(), &why].concat()),
    }
    Ok([b"[".as_slice(), &name, b"]", port].concat())
}

fn check_port(port: &[u8]) -> Result<(), Vec<u8>> {
    if is_optional_port(port) {
        return Ok(());
    }
    Err([b"invalid port ".as_slice(), &quote(port), b" after host"].concat())
}

fn is_optional_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn hostname(host: &[u8]) -> &[u8] {
    let name = match host.iter().rposition(|&byte| byte == b':') {
        Some(colon) if is_optional_port(&host[colon..]) => &host[..colon],
        _ => host,
    };
    name.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]")).unwrap_or(name)
}

/// Go's `URL.String`.
pub fn join(url: &Url) -> Vec<u8> {
    let mut joined = Vec::new();
    if !url.scheme.is_empty() {
        joined.extend_from_slice(&url.scheme);
        joined.push(b':');
    }
    if url.opaque.is_empty() {
        let has_slashes = !url.scheme.is_empty() && !url.path.is_empty() && !url.omits_host;
        if !url.host.is_empty() || url.user.is_some() || has_slashes {
            joined.extend_from_slice(b"//");
        }
        if let Some(user) = &url.user {
            joined.extend(user_text(user));
            joined.push(b'@');
        }
        joined.extend(escape(&url.host, Part::Host));
        let path = if url.path == b"*" { url.path.clone() } else { escape(&url.path, Part::Path) };
        if !path.is_empty() && path[0] != b'/' && !url.host.is_empty() {
            joined.push(b'/');
        }
        if joined.is_empty() && cut(&path, b'/').0.contains(&b':') {
            joined.extend_from_slice(b"./");
        }
        joined.extend(path);
    } else {
        joined.extend_from_slice(&url.opaque);
    }
    if !url.query.is_empty() || url.has_empty_query {
        joined.push(b'?');
        joined.extend_from_slice(&url.query);
    }
    if !url.fragment.is_empty() {
        joined.push(b'#');
        joined.extend(escape(&url.fragment, Part::Fragment));
    }
    joined
}

fn user_text(user: &User) -> Vec<u8> {
    let mut text = escape(&user.name, Part::UserPassword);
    if let Some(password) = &user.password {
        text.push(b':');
        text.extend(escape(password, Part::UserPassword));
    }
    text
}

fn is_escaped(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
        return false;
    }
    !match part {
        Part::Fragment => b"$&+,/:;=?@!()*".contains(&byte),
        Part::Host | Part::Zone => b"!$&'()*+,;=:[]<>\"".contains(&byte),
        Part::Path => b"$&+,/:;=@".contains(&byte),
        Part::UserPassword => b"$&+,;=".contains(&byte),
    }
}

fn escape(bytes: &[u8], part: Part) -> Vec<u8> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut escaped = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if is_escaped(byte, part) {
            escaped.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            escaped.push(byte);
        }
    }
    escaped
}

/// Go's `url.PathUnescape`.
///
/// # Errors
/// The words of Go's error.
pub fn unescape_path(path: &[u8]) -> Result<Vec<u8>, Vec<u8>> {
    unescape(path, Part::Path)
}

fn unescape(bytes: &[u8], part: Part) -> Result<Vec<u8>, Vec<u8>> {
    let refused = |escape: &[u8]| [b"invalid URL escape ".as_slice(), &quote(escape)].concat();
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        if byte != b'%' {
            if matches!(part, Part::Host | Part::Zone) && byte < 0x80 && is_escaped(byte, part) {
                return Err([b"invalid character ".as_slice(), &quote(&[byte]), b" in host name"].concat());
            }
            plain.push(byte);
            rest = after;
            continue;
        }
        let (Some(high), Some(low)) =
            (after.first().and_then(|&byte| hex(byte)), after.get(1).and_then(|&byte| hex(byte)))
        else {
            return Err(refused(&rest[..rest.len().min(3)]));
        };
        let decoded = (high * 16 + low) as u8;
        // A host may escape what is not ASCII only, but for the `%25` before a zone.
        let forbidden = match part {
            Part::Host => high < 8 && !rest.starts_with(b"%25"),
            Part::Zone => !rest.starts_with(b"%25") && decoded != b' ' && is_escaped(decoded, Part::Host),
            _ => false,
        };
        if forbidden {
            return Err(refused(&rest[..3]));
        }
        plain.push(decoded);
        rest = &after[2..];
    }
    Ok(plain)
}

/// What stands before and after the first `at`; nothing after when it is not there.
fn cut(bytes: &[u8], at: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(at, bytes) {
        Some(place) => (&bytes[..place], Some(&bytes[place + 1..])),
        None => (bytes, None),
    }
}
